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

}  // namespace

Task<Status> CertificateAuthority::RequireRole(policy::Principal principal, policy::Roles needed,
                                               BootTime deadline) {
  // What every requester may do costs no look at the database.
  if (!needed.Has(policy::Role::kRequester)) {
    CO_TRY(co_await parts_.basis.Refresh(deadline));
  }
  const policy::Authorizer authorizer(parts_.basis.Current());
  auto allowed = authorizer.RequireRole(principal, needed);
  if (!allowed) NoteDenial(principal.id, {}, allowed.error());
  co_return allowed;
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

Task<Result<AppliedPolicy>> CertificateAuthority::ApplyPolicy(ApplyPolicyRequest request,
                                                              BootTime deadline) {
  if (auto parsed = parts_.basis.Parse(request.text, kTextField); !parsed) {
    co_return BadText(std::move(parsed).error());
  }
  CO_TRY_ASSIGN(const StoredBasis before, co_await parts_.ledger.LoadBasis(deadline));
  const bool was_in_force = before.policy_version > 0 && before.policy_text == request.text;
  PolicyEntry entry{std::move(request.text), request.principal.id, request.base_version};
  CO_TRY_ASSIGN(const uint64_t version,
                co_await parts_.ledger.ActivatePolicy(std::move(entry), deadline));
  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
  // Durable and in force as it is; this replica would find out by itself.
  CO_TRY(co_await parts_.basis.Refresh(deadline));
  co_return AppliedPolicy{version, was_in_force && version == before.policy_version};
}

}  // namespace mayfly::issuance
