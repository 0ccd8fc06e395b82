// Roles, the policy that gives them, and what is read of what came of it.
#include "issuance/certificate_authority.h"

namespace mayfly::issuance {
namespace {

constexpr char kTextField[] = "policy_text";

// What a file's mistakes are to whoever sent the text.
Error BadText(Error error) {
  error.code = ErrorCode::kInvalidArgument;
  error.rule = "policy.file";
  return error;
}

Error PolicyNeedsApproval() {
  return Fail(ErrorCode::kFailedPrecondition, "approval.needed",
              "the policy in force asks for two persons: one proposes the next (mayfly policy "
              "propose FILE), another admin approves it (mayfly proposal approve ID)");
}

Error Outdated(uint64_t version) {
  return Fail(ErrorCode::kConflict, "policy.outdated",
              "version " + std::to_string(version) +
                  " of the policy is in force; look at it, then apply again");
}

// Whether the text in force is what was applied to `base`: the version itself, or the one before,
// where the answer that it came into force was lost.
bool MayHaveBrought(std::optional<uint64_t> base, uint64_t in_force) {
  return !base || *base == in_force || *base + 1 == in_force;
}

}  // namespace

Task<Status> CertificateAuthority::RequireRole(policy::Principal principal, policy::Roles needed,
                                               BootTime deadline) {
  // What every requester may do costs no look at the database.
  const bool is_everybodys = needed.Has(policy::Role::kRequester);
  if (!is_everybodys) CO_TRY(co_await parts_.basis.Refresh(deadline));
  const policy::Authorizer authorizer(parts_.basis.Current());
  auto allowed = authorizer.RequireRole(principal, needed);
  if (!allowed) NoteDenial(principal.id, {}, allowed.error());
  if (!allowed || is_everybodys) co_return allowed;
  auto current = co_await RequireCurrent(principal, deadline);
  co_return current;
}

Task<Status> CertificateAuthority::RequireCurrent(const policy::Principal& principal,
                                                  BootTime deadline) {
  if (!principal.place) co_return Ok();
  CO_TRY_ASSIGN(const auto successor,
                co_await parts_.lineages.FindSuccessor(*principal.place, deadline));
  if (!successor) co_return Ok();
  Error superseded = SupersededPeer(*successor);
  NoteDenial(principal.id, {}, superseded);
  co_return superseded;
}

Task<Result<StoredBasis>> CertificateAuthority::ShowPolicy(BootTime deadline) {
  auto stored = co_await parts_.ledger.LoadBasis(deadline);
  co_return stored;
}

Task<Result<EventPage>> CertificateAuthority::ListEvents(EventQuery query, BootTime deadline) {
  auto page = co_await parts_.events.Page(std::move(query), deadline);
  co_return page;
}

Task<Result<AlertList>> CertificateAuthority::ListAlerts(size_t count_max, BootTime deadline) {
  auto list = co_await parts_.alerts.Alerts(count_max, deadline);
  co_return list;
}

Task<Result<Bytes>> CertificateAuthority::ReadAuditLog(std::string name, BootTime deadline) {
  auto content = co_await parts_.log.Read(std::move(name), deadline);
  co_return content;
}

Status CertificateAuthority::CheckPolicyText(const std::string& text) const {
  if (auto parsed = parts_.basis.Parse(text, kTextField); !parsed) {
    return BadText(std::move(parsed).error());
  }
  return Ok();
}

// Before the first policy the text is empty, and asks for nothing. One that cannot be read gives
// nobody a role, so that nobody but the CA's own machine gets here.
bool CertificateAuthority::NeedsTwoPersons(const StoredBasis& in_force) const {
  const auto policy = parts_.basis.ParseInForce(in_force.policy_text);
  return policy && policy->two_persons.contains(policy::ProposalKind::kPolicy);
}

Task<Result<AppliedPolicy>> CertificateAuthority::ApplyOnce(ApplyPolicyRequest request,
                                                            BootTime deadline) {
  CO_TRY_ASSIGN(const StoredBasis before, co_await parts_.ledger.LoadBasis(deadline));
  const bool was_in_force = before.policy_version > 0 && before.policy_text == request.text;
  if (was_in_force && !MayHaveBrought(request.base_version, before.policy_version)) {
    co_return Outdated(before.policy_version);
  }
  if (!was_in_force && NeedsTwoPersons(before)) co_return PolicyNeedsApproval();
  // What asks for nobody else must be in force still: base_version is the one that was looked at.
  PolicyEntry entry{std::move(request.text), request.principal.id,
                    request.base_version.value_or(before.policy_version)};
  CO_TRY_ASSIGN(const uint64_t version,
                co_await parts_.ledger.ActivatePolicy(std::move(entry), deadline));
  co_return AppliedPolicy{version, was_in_force && version == before.policy_version};
}

Task<Result<AppliedPolicy>> CertificateAuthority::ApplyPolicy(ApplyPolicyRequest request,
                                                              BootTime deadline) {
  CO_TRY(CheckPolicyText(request.text));
  while (true) {
    ApplyPolicyRequest once = request;
    auto applied = co_await ApplyOnce(std::move(once), deadline);
    if (!applied && applied.error().code == ErrorCode::kConflict && !request.base_version) {
      continue;  // somebody else's came between; the deadline ends this
    }
    if (!applied) co_return std::move(applied).error();
    CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
    // Durable and in force as it is; this replica would find out by itself.
    CO_TRY(co_await parts_.basis.Refresh(deadline));
    co_return *std::move(applied);
  }
}

}  // namespace mayfly::issuance
