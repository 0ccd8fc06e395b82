// Acts of two persons: proposed by one, approved by another who says by a hash what they were
// shown, judged both by the policy in force when it is carried out.
#include <utility>

#include "issuance/certificate_authority.h"

namespace mayfly::issuance {
namespace {

using policy::MassRevocation;
using policy::PolicyChange;
using policy::ProposalKind;
using policy::Role;

Error Denied(std::string rule, std::string message) {
  return Fail(ErrorCode::kPolicyDenied, std::move(rule), std::move(message));
}

Error Refused(std::string rule, std::string message) {
  return Fail(ErrorCode::kFailedPrecondition, std::move(rule), std::move(message));
}

Error Outdated(uint64_t version) {
  return Fail(ErrorCode::kConflict, "policy.outdated",
              "version " + std::to_string(version) +
                  " of the policy is in force; look at it, then propose against that");
}

// Another id is not enough: one lineage is one holder, and so is one key, of whatever generation,
// about which the ledger knows (Proposals::Execute).
bool IsSamePerson(const policy::Principal& a, const policy::Principal& b) {
  return a.id == b.id || a.request_scope == b.request_scope;
}

Error MayNotPropose(const policy::Principal& proposer) {
  return Refused("approval.proposer", Escape(proposer.id) +
                                          ", who proposed it, may not do that any more: they have "
                                          "lost the role, or are blocked");
}

// Without one nobody could say later whether its holder is still to be believed.
Status RequireCertificate(const policy::Principal& principal) {
  if (principal.serial && principal.key_hash && principal.place) return Ok();
  return Fail(ErrorCode::kUnauthenticated, "peer.credential",
              "proposals and approvals take a client certificate of this CA");
}

policy::Roles MayPropose(ProposalKind kind) {
  if (kind == ProposalKind::kPolicy) return {Role::kAdmin};
  return {Role::kOperator, Role::kAdmin};
}

// What an approver was shown must be what is here, and what was proposed.
Status CheckPayload(const ProposalRecord& proposal, const Hash256& approved) {
  const Hash256 payload = policy::PayloadHash(proposal.payload);
  if (payload != proposal.payload_sha256) {
    return Refused("proposal.altered",
                   "the proposal's payload in the database is not what was proposed; tell who "
                   "answers for the CA");
  }
  if (payload == approved) return Ok();
  return Refused("approval.payload",
                 "the hash is of something else than the proposal's payload; look at it again");
}

}  // namespace

Task<Status> CertificateAuthority::CheckChange(policy::Principal principal, PolicyChange change,
                                               BootTime deadline) {
  CO_TRY(co_await RequireRole(std::move(principal), MayPropose(ProposalKind::kPolicy), deadline));
  CO_TRY(CheckPolicyText(change.text));
  CO_TRY_ASSIGN(const StoredBasis in_force, co_await parts_.ledger.LoadBasis(deadline));
  if (change.base_version != in_force.policy_version) co_return Outdated(in_force.policy_version);
  if (change.text == in_force.policy_text) {
    co_return Fail(ErrorCode::kInvalidArgument, "proposal.in-force",
                   "this policy is in force already");
  }
  co_return Ok();
}

Task<Result<ProposalRecord>> CertificateAuthority::Propose(ProposeRequest request,
                                                           BootTime deadline) {
  CO_TRY(RequireCertificate(request.principal));
  if (const auto* change = std::get_if<PolicyChange>(&request.payload)) {
    policy::Principal principal = request.principal;
    PolicyChange checked = *change;
    CO_TRY(co_await CheckChange(std::move(principal), std::move(checked), deadline));
  } else {
    auto& revocation = std::get<MassRevocation>(request.payload);
    MassRevocation wanted = revocation;
    CO_TRY_ASSIGN(const auto found, co_await FindAll(std::move(wanted), deadline));
    revocation.certificates.clear();
    for (const FoundCertificate& each : found) revocation.certificates.push_back(each.name);
  }
  NewProposal proposal{.id = Uuid::MakeV7(parts_.clock.Now(), parts_.random),
                       .payload = std::move(request.payload),
                       .payload_sha256 = {},
                       .proposer = std::move(request.principal),
                       .lifetime = policy::kProposalLifetime};
  proposal.payload_sha256 = policy::PayloadHash(proposal.payload);
  const std::string who = proposal.proposer.id;
  auto record = co_await parts_.proposals.Propose(std::move(proposal), deadline);
  if (!record) {
    NoteIfDenied(who, {}, record.error());
    co_return std::move(record).error();
  }
  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
  co_return *std::move(record);
}

Task<Result<ProposalRecord>> CertificateAuthority::FindProposal(Uuid proposal, BootTime deadline) {
  CO_TRY_ASSIGN(auto found, co_await parts_.proposals.FindProposal(proposal, deadline));
  if (!found) co_return NoSuchProposal();
  co_return *std::move(found);
}

Task<Result<ProposalRecord>> CertificateAuthority::ShowProposal(Uuid proposal, BootTime deadline) {
  auto found = co_await FindProposal(proposal, deadline);
  co_return found;
}

Task<Result<ProposalPage>> CertificateAuthority::ListProposals(ProposalQuery query,
                                                               BootTime deadline) {
  auto page = co_await parts_.proposals.ListProposals(query, deadline);
  co_return page;
}

Status CertificateAuthority::RequireTwoPersons(const ProposalRecord& proposal,
                                               const policy::Principal& approver,
                                               const policy::Authorizer& authorizer) {
  if (IsSamePerson(proposal.proposer, approver)) return SamePerson(proposal.proposer);
  TRY(authorizer.RequireRole(approver, {Role::kAdmin}));
  const auto needed = MayPropose(policy::KindOf(proposal.payload));
  if (!authorizer.RequireRole(proposal.proposer, needed)) return MayNotPropose(proposal.proposer);
  return Ok();
}

// Judges both persons and carries it out under one control number.
Task<Result<ApprovalReceipt>> CertificateAuthority::Execute(ProposalRecord proposal,
                                                            policy::Principal approver,
                                                            BootTime deadline) {
  ProposalApproval approval{.id = proposal.id, .approver = approver, .decision = 0, .act = {}};
  if (const auto* change = std::get_if<PolicyChange>(&proposal.payload)) {
    approval.act = *change;
  } else {
    MassRevocation revocation = std::get<MassRevocation>(proposal.payload);
    approval.reason = revocation.reason;
    CO_TRY_ASSIGN(const auto found, co_await FindAll(std::move(revocation), deadline));
    auto& targets = approval.act.emplace<std::vector<RevocationTarget>>();
    for (const FoundCertificate& each : found) targets.push_back(each.target);
  }
  while (true) {
    CO_TRY(co_await parts_.basis.Refresh(deadline));
    const policy::Authorizer authorizer(parts_.basis.Current());
    if (proposal.state != ProposalState::kExecuted) {
      CO_TRY(RequireTwoPersons(proposal, approver, authorizer));
    }
    approval.decision = authorizer.basis().decision;
    ProposalApproval once = approval;
    auto executed = co_await parts_.proposals.Execute(std::move(once), deadline);
    if (!executed && executed.error().code == ErrorCode::kDecisionStale) continue;
    co_return executed;
  }
}

Task<Result<ApprovedProposal>> CertificateAuthority::Approve(ApproveRequest request,
                                                             BootTime deadline) {
  CO_TRY(RequireCertificate(request.principal));
  const Uuid id = request.proposal;
  CO_TRY_ASSIGN(ProposalRecord proposal, co_await FindProposal(id, deadline));
  CO_TRY(CheckPayload(proposal, request.payload_sha256));
  CO_TRY(RequireOpen(proposal, request.principal.id));
  const bool is_open = proposal.state == ProposalState::kOpen;
  if (const auto* change = std::get_if<PolicyChange>(&proposal.payload); change && is_open) {
    CO_TRY(CheckPolicyText(change->text));
  }
  policy::Principal approver = request.principal;
  auto executed = co_await Execute(std::move(proposal), std::move(approver), deadline);
  if (!executed) {
    if (executed.error().code == ErrorCode::kPolicyDenied) {
      NoteDenial(request.principal.id, {}, executed.error());
    }
    co_return std::move(executed).error();
  }
  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
  CO_TRY(co_await parts_.basis.Refresh(deadline));
  CO_TRY_ASSIGN(proposal, co_await FindProposal(id, deadline));
  std::optional<TimePoint> until;
  if (executed->revocation) until = executed->revocation->good_answers_until;
  co_return ApprovedProposal{std::move(proposal), until};
}

Task<Result<ProposalRecord>> CertificateAuthority::Withdraw(policy::Principal principal,
                                                            Uuid proposal, BootTime deadline) {
  CO_TRY_ASSIGN(const ProposalRecord found, co_await FindProposal(proposal, deadline));
  const policy::Authorizer authorizer(parts_.basis.Current());
  const bool is_own = found.proposer.id == principal.id;
  if (!is_own && !authorizer.RolesOf(principal).Has(Role::kAdmin)) {
    co_return Denied("proposal.not-yours", "only admins withdraw what others proposed");
  }
  std::string who = principal.id;
  CO_TRY(co_await parts_.proposals.Withdraw(proposal, std::move(who), deadline));
  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
  auto withdrawn = co_await FindProposal(proposal, deadline);
  co_return withdrawn;
}

}  // namespace mayfly::issuance
