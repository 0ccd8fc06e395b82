#include "store/proposals.h"

#include <algorithm>
#include <utility>

#include "ports/lineages.h"
#include "store/leases.h"
#include "store/ledger_batch.h"
#include "store/ledger_rows.h"
#include "store/lineage_uses.h"
#include "store/names_text.h"
#include "store/policy_activation.h"
#include "store/same_holder.h"

namespace mayfly::store {
namespace {

using policy::MassRevocation;
using policy::NamedCertificate;
using policy::PolicyChange;
using policy::ProposalKind;

constexpr std::string_view kRole = "mayfly_issue";
constexpr size_t kQueueMax = 256;
enum class EndKind : uint8_t { kExecuted = 1, kWithdrawn = 2 };
enum class Extent : uint8_t { kWhole, kSummary };

SessionWorkers Workers(const IndexOptions& options) {
  return SessionWorkers({.session = {.connection = options.connection,
                                     .role = std::string(kRole),
                                     .password_file = options.password_file},
                         .threads = 1,
                         .queue_max = kQueueMax},
                        {options.executor, options.timer, options.clock});
}

// Taken before anything else, and by every act that ends a proposal or revokes many: a transaction
// that already had the lock shared would wait for another of its kind, and that one for it.
WriteStart BeginAlone(Session& session) {
  session.Exec("SELECT pg_advisory_xact_lock(7000001)");
  return BeginWrite(session);
}

Error DecisionStale() {
  return Fail(ErrorCode::kDecisionStale, "ledger.decision-stale", "decide again");
}

// Of proposal p, in the order that ReadProposal expects.
std::string Columns(Extent extent) {
  return "p.id, p.kind, " + std::string(extent == Extent::kWhole ? "p.policy_text" : "''") +
         ", p.base_version, p.reason, p.payload_hash, p.principal, p.principal_scope, "
         "array_to_string(p.principal_names, E'\\n'), p.principal_key, p.principal_serial, " +
         Micros("p.created_at") + ", " + Micros("p.expires_at") +
         ", proposal_state(p), e.principal, " + Micros("e.at") +
         ", e.policy_version, "
         "(SELECT count(*) FROM proposal_certificate c WHERE c.proposal = p.id)";
}

std::string From(Extent extent) {
  return "SELECT " + Columns(extent) +
         " FROM proposal p LEFT JOIN proposal_end e ON e.proposal = p.id ";
}

policy::ProposalPayload ReadPayload(const pqxx::row& row) {
  if (static_cast<ProposalKind>(row[1].as<int>()) == ProposalKind::kPolicy) {
    return PolicyChange{row[2].c_str(), row[3].as<uint64_t>()};
  }
  return MassRevocation{{}, static_cast<RevocationReason>(row[4].as<int>())};
}

std::optional<ProposalEnd> ReadEnd(const pqxx::row& row) {
  if (row[14].is_null()) return std::nullopt;
  ProposalEnd end{row[14].c_str(), TimeOf(row[15])};
  if (!row[16].is_null()) end.policy_version = row[16].as<uint64_t>();
  return end;
}

Result<ProposalRecord> ReadProposal(const pqxx::row& row) {
  TRY_ASSIGN(auto names, NamesOf(row[8].c_str()));
  policy::Principal proposer{policy::ProofOfIdentity::kCertificate, row[6].c_str(), row[7].c_str(),
                             std::move(names)};
  proposer.key_hash = HashOf(row[9]);
  proposer.serial = SerialOf(row[10]);
  return ProposalRecord{.id = UuidOf(row[0]),
                        .payload = ReadPayload(row),
                        .certificate_count = row[17].as<size_t>(),
                        .payload_sha256 = HashOf(row[5]),
                        .proposer = std::move(proposer),
                        .created_at = TimeOf(row[11]),
                        .expires_at = TimeOf(row[12]),
                        .state = static_cast<ProposalState>(row[13].as<int>()),
                        .end = ReadEnd(row)};
}

// By C++'s order, not a collation's: the hash goes by it.
std::vector<NamedCertificate> ReadCertificates(Session& session, const Uuid& id) {
  std::vector<NamedCertificate> certificates;
  for (const auto& row :
       session.Exec("SELECT issuer, serial FROM proposal_certificate WHERE proposal = $1::uuid",
                    Params().Add(id))) {
    certificates.push_back({row[0].c_str(), SerialOf(row[1])});
  }
  std::ranges::sort(certificates);
  return certificates;
}

using Found = std::optional<ProposalRecord>;

Result<Found> FindIn(Session& session, const Uuid& id, Extent extent) {
  const auto rows = session.Exec(From(extent) + "WHERE p.id = $1::uuid", Params().Add(id));
  if (rows.empty()) return Found();
  TRY_ASSIGN(auto record, ReadProposal(rows[0]));
  if (auto* revocation = std::get_if<MassRevocation>(&record.payload)) {
    if (extent == Extent::kWhole) revocation->certificates = ReadCertificates(session, id);
  }
  return Found(std::move(record));
}

// One more than asked for, so that a page that ends the list says so.
Result<ProposalPage> PageIn(Session& session, const ProposalQuery& query) {
  Params params;
  params.Add(static_cast<int64_t>(query.count_max) + 1);
  std::string where = query.listed == ProposalsListed::kOpen ? "proposal_state(p) = 1" : "true";
  if (query.after) {
    params.Add(query.after->created_at).Add(query.after->id);
    where += " AND (p.created_at, p.id) < (" + FromMicros("$2::bigint") + ", $3::uuid)";
  }
  ProposalPage page;
  for (const auto& row : session.Exec(From(Extent::kSummary) + "WHERE " + where +
                                          " ORDER BY p.created_at DESC, p.id DESC LIMIT $1",
                                      params)) {
    TRY_ASSIGN(auto record, ReadProposal(row));
    if (page.proposals.size() == query.count_max) {
      page.next = PositionOf(page.proposals.back());
      break;
    }
    page.proposals.push_back(std::move(record));
  }
  return page;
}

// What its proposer has open with this payload already.
std::optional<Uuid> FindOpen(Session& session, const NewProposal& proposal) {
  const auto rows = session.Exec(
      "SELECT p.id FROM proposal p WHERE p.principal = $1 AND p.principal_scope = $2 "
      "AND p.payload_hash = $3::bytea AND proposal_state(p) = 1 LIMIT 1",
      Params()
          .Add(proposal.proposer.id)
          .Add(proposal.proposer.request_scope)
          .Add(ByteSpan(proposal.payload_sha256)));
  if (rows.empty()) return std::nullopt;
  return UuidOf(rows[0][0]);
}

// What is said of a proposal p in its events.
constexpr char kDetail[] =
    "'proposal', p.id, 'kind', CASE p.kind WHEN 1 THEN 'policy' ELSE 'mass-revocation' END, "
    "'sha256', encode(p.payload_hash, 'hex')";

// Values $11 and on: policy_text, base_version and reason.
std::string AddPayload(const policy::ProposalPayload& payload, Params& params) {
  if (const auto* change = std::get_if<PolicyChange>(&payload)) {
    params.Add(change->text).Add(static_cast<int64_t>(change->base_version));
    return "$11, $12, NULL";
  }
  params.Add(static_cast<int64_t>(std::get<MassRevocation>(payload).reason));
  return "NULL, NULL, $11";
}

void InsertCertificates(Session& session, const Uuid& id, const MassRevocation& revocation) {
  ArrayText issuers, serials;
  for (const NamedCertificate& certificate : revocation.certificates) {
    issuers.Add(std::string_view(certificate.issuer));
    serials.Add(certificate.serial.octets());
  }
  session.Exec(
      "INSERT INTO proposal_certificate (proposal, issuer, serial) "
      "SELECT $1::uuid, u.issuer, u.serial FROM unnest($2::text[], $3::bytea[]) u(issuer, serial)",
      Params().Add(id).Add(issuers.Take()).Add(serials.Take()));
}

void Insert(Session& session, const NewProposal& proposal, const WriteStart& start) {
  const policy::Principal& proposer = proposal.proposer;
  Params params;
  params.Add(proposal.id)
      .Add(static_cast<int64_t>(policy::KindOf(proposal.payload)))
      .Add(ByteSpan(proposal.payload_sha256))
      .Add(proposer.id)
      .Add(proposer.request_scope)
      .Add(NamesText(proposer.names))
      .Add(ByteSpan(*proposer.key_hash))
      .Add(proposer.serial->octets())
      .Add(start.tick)
      .Add(proposal.lifetime.count());
  const std::string payload = AddPayload(proposal.payload, params);
  session.Exec(
      "WITH p AS (INSERT INTO proposal (id, kind, payload_hash, principal, principal_scope, "
      "principal_names, principal_key, principal_serial, tick, expires_at, policy_text, "
      "base_version, reason) VALUES ($1::uuid, $2, $3::bytea, $4, $5, $6::text[], $7::bytea, "
      "$8::bytea, $9, clock_timestamp() + $10 * interval '1 second', " +
          payload +
          ") RETURNING *) "
          "INSERT INTO event (kind, principal, detail, tick) SELECT 'proposal.created', "
          "p.principal, jsonb_strip_nulls(jsonb_build_object(" +
          kDetail +
          ", 'base_version', p.base_version, 'reason', p.reason, 'expires', p.expires_at)), "
          "p.tick FROM p",
      params);
  if (const auto* revocation = std::get_if<MassRevocation>(&proposal.payload)) {
    InsertCertificates(session, proposal.id, *revocation);
  }
}

struct End {
  EndKind kind;
  std::string principal;
  std::optional<uint64_t> policy_version;
};

void InsertEnd(Session& session, const Uuid& id, const End& end, int64_t tick) {
  Params params;
  params.Add(id).Add(static_cast<int64_t>(end.kind)).Add(end.principal).Add(tick);
  if (end.policy_version) params.Add(static_cast<int64_t>(*end.policy_version));
  session.Exec(
      std::string("WITH e AS (INSERT INTO proposal_end (proposal, kind, principal, tick, "
                  "policy_version) VALUES ($1::uuid, $2, $3, $4, ") +
          (end.policy_version ? "$5" : "NULL") +
          ") RETURNING *) INSERT INTO event (kind, principal, detail, tick) "
          "SELECT CASE e.kind WHEN 1 THEN 'proposal.approved' ELSE 'proposal.withdrawn' END, "
          "e.principal, jsonb_strip_nulls(jsonb_build_object(" +
          kDetail +
          ", 'proposer', p.principal, 'policy_version', e.policy_version)), e.tick "
          "FROM e JOIN proposal p ON p.id = e.proposal",
      params);
}

bool IsStanding(Session& session, const policy::Principal& principal) {
  return session
      .Exec("SELECT is_standing($1::bytea)", Params().Add(principal.serial->octets()))[0][0]
      .as<bool>();
}

Result<MassRevocationReceipt> RevokeIn(Session& session,
                                       const std::vector<RevocationTarget>& targets,
                                       RevocationReason reason, const std::string& principal) {
  ArrayText serials, issuers, keys;
  for (const RevocationTarget& target : targets) {
    serials.Add(target.key.serial.octets());
    issuers.Add(static_cast<int64_t>(target.key.issuer));
    if (target.compromised_key) {
      keys.Add(ByteSpan(*target.compromised_key));
    } else {
      keys.AddNull();
    }
  }
  const auto rows =
      session.Exec("SELECT " + RevocationColumns() +
                       ", r.was_revoked_before FROM unnest($1::bytea[], $2::integer[], "
                       "$3::bytea[]) WITH ORDINALITY u(serial, issuer_id, key, n) CROSS JOIN "
                       "LATERAL revoke(u.serial, u.issuer_id, $4::smallint, $5, u.key) r "
                       "ORDER BY u.n",
                   Params()
                       .Add(serials.Take())
                       .Add(issuers.Take())
                       .Add(keys.Take())
                       .Add(static_cast<int64_t>(reason))
                       .Add(principal));
  if (static_cast<size_t>(rows.size()) != targets.size()) {
    return Fail(ErrorCode::kNotFound, "ledger.no-such-certificate",
                "there is no record of one of these certificates");
  }
  MassRevocationReceipt receipt;
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto row = rows[static_cast<int>(i)];
    receipt.revocations.push_back({.revocation = *ReadRevocation(row, 0, targets[i].key),
                                   .was_revoked_before = row[4].as<bool>(),
                                   .good_answers_until = {}});
  }
  return receipt;
}

// An approval whose answer was lost, given again. What was blocked then and lifted since stays so.
Result<ApprovalReceipt> Repeat(Session& session, const ProposalRecord& proposal,
                               ProposalApproval approval) {
  auto* targets = std::get_if<std::vector<RevocationTarget>>(&approval.act);
  if (!targets) return ApprovalReceipt{.policy_version = proposal.end->policy_version};
  for (RevocationTarget& target : *targets) target.compromised_key.reset();
  TRY_ASSIGN(auto receipt, RevokeIn(session, *targets, approval.reason, approval.approver.id));
  return ApprovalReceipt{.revocation = std::move(receipt)};
}

Result<ApprovalReceipt> CarryOut(Session& session, const ProposalApproval& approval) {
  if (const auto* change = std::get_if<PolicyChange>(&approval.act)) {
    const PolicyEntry entry{change->text, approval.approver.id, change->base_version};
    TRY_ASSIGN(const Activation activation, ActivateIn(session, entry));
    return ApprovalReceipt{.policy_version = activation.version};
  }
  const auto& targets = std::get<std::vector<RevocationTarget>>(approval.act);
  TRY_ASSIGN(auto receipt, RevokeIn(session, targets, approval.reason, approval.approver.id));
  return ApprovalReceipt{.revocation = std::move(receipt)};
}

// Before the lock, which everybody waits for: who proposed it is for ever, and so is whose a key
// was.
Status RequireTwoHolders(Session& session, const ProposalApproval& approval) {
  TRY_ASSIGN(const auto proposal, FindIn(session, approval.id, Extent::kSummary));
  if (!proposal) return NoSuchProposal();
  if (proposal->state != ProposalState::kOpen) return Ok();  // nothing is carried out
  TRY_ASSIGN(const bool is_same, IsSameHolder(session, proposal->proposer, approval.approver));
  if (is_same) return SamePerson(proposal->proposer);
  return Ok();
}

Result<ApprovalReceipt> ExecuteIn(Session& session, const ProposalApproval& approval) {
  TRY(RequireTwoHolders(session, approval));
  Transaction transaction(session);
  const WriteStart start = BeginAlone(session);
  TRY_ASSIGN(const auto proposal, FindIn(session, approval.id, Extent::kSummary));
  if (!proposal) return NoSuchProposal();
  TRY(RequireOpen(*proposal, approval.approver.id));
  if (proposal->state == ProposalState::kExecuted) {
    TRY_ASSIGN(auto receipt, Repeat(session, *proposal, approval));
    session.Rollback();
    session.Barrier();  // seen is not durable
    return receipt;
  }
  if (start.decision != approval.decision) return DecisionStale();
  if (const auto successor = SuccessorOf(session, *approval.approver.place)) {
    return SupersededPeer(*successor);
  }
  if (!IsStanding(session, approval.approver)) return ApproverGone();
  if (!IsStanding(session, proposal->proposer)) return ProposerGone();
  TRY_ASSIGN(auto receipt, CarryOut(session, approval));
  InsertEnd(session, approval.id,
            {EndKind::kExecuted, approval.approver.id, receipt.policy_version}, start.tick);
  transaction.Commit();
  return receipt;
}

Status WithdrawIn(Session& session, const Uuid& id, const std::string& principal) {
  Transaction transaction(session);
  const WriteStart start = BeginAlone(session);
  TRY_ASSIGN(const auto proposal, FindIn(session, id, Extent::kSummary));
  if (!proposal) return NoSuchProposal();
  TRY(RequireWithdrawable(*proposal));
  if (proposal->state == ProposalState::kWithdrawn) {
    session.Rollback();
    session.Barrier();
    return Ok();
  }
  InsertEnd(session, id, {EndKind::kWithdrawn, principal, std::nullopt}, start.tick);
  transaction.Commit();
  return Ok();
}

Result<MassRevocationReceipt> RevokeAllIn(Session& session, const MassRevocationEntry& entry) {
  Transaction transaction(session);
  if (BeginAlone(session).decision != entry.decision) return DecisionStale();
  TRY_ASSIGN(auto receipt, RevokeIn(session, entry.targets, entry.reason, entry.principal));
  transaction.Commit();
  const bool found = std::ranges::any_of(receipt.revocations, &RevokeReceipt::was_revoked_before);
  if (found) session.Barrier();
  return receipt;
}

// The highest number with the latest end: what every lease must have applied.
Revocation NewestOf(const MassRevocationReceipt& receipt) {
  Revocation newest = receipt.revocations.front().revocation;
  for (const RevokeReceipt& each : receipt.revocations) {
    newest.number = std::max(newest.number, each.revocation.number);
    newest.not_after = std::max(newest.not_after, each.revocation.not_after);
    newest.revoked_at = std::max(newest.revoked_at, each.revocation.revoked_at);
  }
  return newest;
}

}  // namespace

PgProposals::PgProposals(const IndexOptions& options) : workers_(Workers(options)) {}

Task<Result<ProposalRecord>> PgProposals::Propose(NewProposal proposal, BootTime deadline) {
  std::function<Result<ProposalRecord>(Session&)> work =
      [proposal = std::move(proposal)](Session& session) -> Result<ProposalRecord> {
    Transaction transaction(session);
    const WriteStart start = BeginWrite(session);
    const std::optional<Uuid> open = FindOpen(session, proposal);
    if (!open) Insert(session, proposal, start);
    TRY_ASSIGN(auto record, FindIn(session, open.value_or(proposal.id), Extent::kWhole));
    transaction.Commit();
    if (open) session.Barrier();  // seen is not durable
    return *std::move(record);
  };
  return RunOn<ProposalRecord>(workers_, std::move(work), deadline);
}

Task<Result<Found>> PgProposals::FindProposal(Uuid id, BootTime deadline) {
  std::function<Result<Found>(Session&)> work = [id](Session& session) -> Result<Found> {
    TRY_ASSIGN(auto found, FindIn(session, id, Extent::kWhole));
    if (found) session.Barrier();  // seen is not durable
    return found;
  };
  return RunOn<Found>(workers_, std::move(work), deadline);
}

Task<Result<ProposalPage>> PgProposals::ListProposals(ProposalQuery query, BootTime deadline) {
  std::function<Result<ProposalPage>(Session&)> work =
      [query](Session& session) -> Result<ProposalPage> {
    TRY_ASSIGN(ProposalPage page, PageIn(session, query));
    session.Barrier();  // seen is not durable
    return page;
  };
  return RunOn<ProposalPage>(workers_, std::move(work), deadline);
}

Task<Result<ApprovalReceipt>> PgProposals::Execute(ProposalApproval approval, BootTime deadline) {
  std::function<Result<ApprovalReceipt>(Session&)> work =
      [approval = std::move(approval)](Session& session) { return ExecuteIn(session, approval); };
  auto execute = RunOn<ApprovalReceipt>(workers_, std::move(work), deadline);
  auto receipt = co_await execute;
  if (!receipt || !receipt->revocation) co_return std::move(receipt);
  auto wait = Awaited(*std::move(receipt->revocation), deadline);
  auto revocation = co_await wait;
  if (!revocation) co_return std::move(revocation).error();
  co_return ApprovalReceipt{.revocation = *std::move(revocation)};
}

Task<Status> PgProposals::Withdraw(Uuid id, std::string principal, BootTime deadline) {
  std::function<Status(Session&)> work = [id, principal = std::move(principal)](Session& session) {
    return WithdrawIn(session, id, principal);
  };
  return RunOn<void>(workers_, std::move(work), deadline);
}

Task<Result<MassRevocationReceipt>> PgProposals::RevokeAll(MassRevocationEntry entry,
                                                           BootTime deadline) {
  std::function<Result<MassRevocationReceipt>(Session&)> work =
      [entry = std::move(entry)](Session& session) { return RevokeAllIn(session, entry); };
  auto revoke = RunOn<MassRevocationReceipt>(workers_, std::move(work), deadline);
  auto receipt = co_await revoke;
  if (!receipt) co_return std::move(receipt);
  auto wait = Awaited(*std::move(receipt), deadline);
  auto awaited = co_await wait;
  co_return std::move(awaited);
}

Task<Result<MassRevocationReceipt>> PgProposals::Awaited(MassRevocationReceipt receipt,
                                                         BootTime deadline) {
  Revocation newest = NewestOf(receipt);
  auto wait = WaitForLeases(workers_, std::move(newest), deadline);
  auto until = co_await wait;
  if (!until) co_return std::move(until).error();
  receipt.good_answers_until = *until;
  co_return std::move(receipt);
}

}  // namespace mayfly::store
