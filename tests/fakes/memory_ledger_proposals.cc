// MemoryLedger: acts of two persons.
#include <algorithm>

#include "tests/fakes/memory_ledger.h"
#include "x509/tbs_certificate.h"

namespace mayfly::fakes {
namespace {

Error TimeIsUp() {
  return Fail(ErrorCode::kDeadlineExceeded, "ledger.deadline", "nothing was done in time");
}

Error Stale() { return Fail(ErrorCode::kDecisionStale, "ledger.decision-stale", "decide again"); }

size_t CountOf(const policy::ProposalPayload& payload) {
  const auto* revocation = std::get_if<policy::MassRevocation>(&payload);
  return revocation ? revocation->certificates.size() : 0;
}

std::string Detail(const ProposalRecord& proposal) {
  return "{\"proposal\":\"" + proposal.id.ToString() + "\",\"sha256\":\"" +
         ToHex(proposal.payload_sha256) + "\",\"proposer\":\"" + proposal.proposer.id + "\"}";
}

}  // namespace

ProposalState MemoryLedger::StateNow(const ProposalRecord& proposal) const {
  if (proposal.end) return proposal.state;
  if (proposal.expires_at <= clock_.Now()) return ProposalState::kExpired;
  const auto* change = std::get_if<policy::PolicyChange>(&proposal.payload);
  if (change && change->base_version != policies_.size()) return ProposalState::kOutdated;
  return ProposalState::kOpen;
}

const MemoryLedger::Entry* MemoryLedger::EntryOf(const x509::SerialNumber& serial) const {
  for (const auto& [key, entry] : records_) {
    if (key.serial == serial) return &entry;
  }
  return nullptr;
}

bool MemoryLedger::IsStanding(const x509::SerialNumber& serial) const {
  const Entry* entry = EntryOf(serial);
  if (!entry) return false;
  const LineageStep& lineage = entry->facts.lineage;
  const Entry* newest = entry;
  for (const auto& [step, certificate] : uses_) {  // the oldest generation first
    if (step.first == lineage.lineage && step.second > lineage.generation) {
      newest = &records_.at(certificate);
    }
  }
  return !entry->revocation && !newest->revocation && newest->not_after > clock_.Now();
}

std::set<Hash256> MemoryLedger::KeysOfLineage(const policy::Principal& holder) const {
  std::set<Hash256> keys = {*holder.key_hash};
  const Entry* shown = EntryOf(*holder.serial);
  for (const auto& [key, entry] : records_) {
    if (!shown || key.serial == *holder.serial) continue;
    if (entry.facts.lineage.lineage != shown->facts.lineage.lineage) continue;
    keys.insert(x509::TbsCertificate::FromDer(entry.tbs)->fields().public_key.hash());
  }
  return keys;
}

Task<Result<ProposalRecord>> MemoryLedger::Propose(NewProposal proposal, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  for (const auto& [id, known] : proposals_) {
    if (StateNow(known) == ProposalState::kOpen && known.proposer.id == proposal.proposer.id &&
        known.proposer.request_scope == proposal.proposer.request_scope &&
        known.payload_sha256 == proposal.payload_sha256) {
      co_return known;
    }
  }
  const TimePoint now = clock_.Now();
  ProposalRecord record{.id = proposal.id,
                        .payload = proposal.payload,
                        .certificate_count = CountOf(proposal.payload),
                        .payload_sha256 = proposal.payload_sha256,
                        .proposer = proposal.proposer,
                        .created_at = now,
                        .expires_at = now + proposal.lifetime,
                        .state = ProposalState::kOpen};
  NoteNow({"proposal.created", proposal.proposer.id, Detail(record)});
  proposals_.insert({proposal.id, record});
  record.state = StateNow(record);
  co_return record;
}

Task<Result<std::optional<ProposalRecord>>> MemoryLedger::FindProposal(Uuid id, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  const auto found = proposals_.find(id);
  if (found == proposals_.end()) co_return std::optional<ProposalRecord>();
  ProposalRecord record = found->second;
  record.state = StateNow(record);
  co_return std::optional<ProposalRecord>(std::move(record));
}

Task<Result<ProposalPage>> MemoryLedger::ListProposals(ProposalQuery query, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  std::map<ProposalPosition, ProposalRecord, std::greater<>> newest_first;
  for (const auto& [id, proposal] : proposals_) {
    newest_first.emplace(PositionOf(proposal), proposal);
  }
  ProposalPage page;
  for (auto& [position, record] : newest_first) {
    record.state = StateNow(record);
    if (query.after && position >= *query.after) continue;
    if (query.listed == ProposalsListed::kOpen && record.state != ProposalState::kOpen) continue;
    if (page.proposals.size() == query.count_max) {
      page.next = PositionOf(page.proposals.back());
      break;
    }
    if (auto* change = std::get_if<policy::PolicyChange>(&record.payload)) change->text.clear();
    if (auto* revocation = std::get_if<policy::MassRevocation>(&record.payload)) {
      revocation->certificates.clear();
    }
    page.proposals.push_back(std::move(record));
  }
  co_return page;
}

Result<MassRevocationReceipt> MemoryLedger::RevokeAllNow(
    const std::vector<RevocationTarget>& targets, RevocationReason reason,
    const std::string& principal) {
  const auto is_known = [this](const auto& target) { return records_.contains(target.key); };
  if (!std::ranges::all_of(targets, is_known)) {
    return Fail(ErrorCode::kNotFound, "ledger.no-such-certificate", "there is no such record");
  }
  MassRevocationReceipt receipt;
  for (const RevocationTarget& target : targets) {
    receipt.revocations.push_back(
        RevokeNow({target.key, reason, principal, target.compromised_key}));
    receipt.good_answers_until =
        std::max(receipt.good_answers_until, receipt.revocations.back().good_answers_until);
  }
  return receipt;
}

Task<Result<ApprovalReceipt>> MemoryLedger::Execute(ProposalApproval approval, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  const auto found = proposals_.find(approval.id);
  if (found == proposals_.end()) co_return NoSuchProposal();
  ProposalRecord& proposal = found->second;
  ProposalRecord now = proposal;
  now.state = StateNow(now);
  CO_TRY(RequireOpen(now, approval.approver.id));
  const bool is_repeated = now.state == ProposalState::kExecuted;
  if (!is_repeated) {
    const auto others = KeysOfLineage(approval.approver);
    for (const Hash256& key : KeysOfLineage(proposal.proposer)) {
      if (others.contains(key)) co_return SamePerson(proposal.proposer);
    }
    if (approval.decision != decision_) co_return Stale();
    if (const auto successor = SuccessorOf(*approval.approver.place)) {
      co_return SupersededPeer(*successor);
    }
    if (!IsStanding(*approval.approver.serial)) co_return ApproverGone();
    if (!IsStanding(*proposal.proposer.serial)) co_return ProposerGone();
  }
  ApprovalReceipt receipt;
  if (auto* targets = std::get_if<std::vector<RevocationTarget>>(&approval.act)) {
    if (is_repeated) {
      for (RevocationTarget& target : *targets) target.compromised_key.reset();
    }
    CO_TRY_ASSIGN(receipt.revocation,
                  RevokeAllNow(*targets, approval.reason, approval.approver.id));
  } else if (is_repeated) {
    receipt.policy_version = proposal.end->policy_version;
  } else {
    const auto& change = std::get<policy::PolicyChange>(approval.act);
    CO_TRY_ASSIGN(receipt.policy_version,
                  ActivateNow({change.text, approval.approver.id, change.base_version}));
  }
  if (is_repeated) co_return receipt;
  proposal.state = ProposalState::kExecuted;
  proposal.end = ProposalEnd{approval.approver.id, clock_.Now(), receipt.policy_version};
  NoteNow({"proposal.approved", approval.approver.id, Detail(proposal)});
  co_return receipt;
}

Task<Status> MemoryLedger::Withdraw(Uuid id, std::string principal, BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  const auto found = proposals_.find(id);
  if (found == proposals_.end()) co_return NoSuchProposal();
  ProposalRecord& proposal = found->second;
  ProposalRecord now = proposal;
  now.state = StateNow(now);
  CO_TRY(RequireWithdrawable(now));
  if (now.state == ProposalState::kWithdrawn) co_return Ok();
  proposal.state = ProposalState::kWithdrawn;
  NoteNow({"proposal.withdrawn", principal, Detail(proposal)});
  proposal.end = ProposalEnd{std::move(principal), clock_.Now()};
  co_return Ok();
}

Task<Result<MassRevocationReceipt>> MemoryLedger::RevokeAll(MassRevocationEntry entry,
                                                            BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (IsLate(deadline)) co_return TimeIsUp();
  if (entry.decision != decision_) co_return Stale();
  co_return RevokeAllNow(entry.targets, entry.reason, entry.principal);
}

void MemoryLedger::AlterProposal(Uuid id, policy::ProposalPayload payload) {
  std::lock_guard lock(mutex_);
  proposals_.at(id).payload = std::move(payload);
}

}  // namespace mayfly::fakes
