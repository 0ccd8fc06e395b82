// Showing and applying the policy: what operators do to the rules themselves.
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

// Operators of the policy in force, not of one that this replica has not yet heard was replaced.
Task<Status> CertificateAuthority::AdmitOperator(const policy::Principal& principal,
                                                 BootTime deadline) {
  CO_TRY(co_await parts_.basis.Refresh(deadline));
  const policy::Authorizer authorizer(parts_.basis.Current());
  auto allowed = authorizer.RequireOperator(principal);
  if (!allowed) NoteDenial(principal.id, "", allowed.error());
  co_return allowed;
}

Task<Result<StoredBasis>> CertificateAuthority::ShowPolicy(policy::Principal principal,
                                                           BootTime deadline) {
  CO_TRY(co_await AdmitOperator(principal, deadline));
  auto stored = co_await parts_.ledger.LoadBasis(deadline);
  co_return stored;
}

Task<Result<AppliedPolicy>> CertificateAuthority::ApplyPolicy(policy::Principal principal,
                                                              std::string text, BootTime deadline) {
  CO_TRY(co_await AdmitOperator(principal, deadline));
  if (auto parsed = parts_.basis.Parse(text, kTextField); !parsed) {
    co_return BadText(std::move(parsed).error());
  }
  CO_TRY_ASSIGN(const StoredBasis before, co_await parts_.ledger.LoadBasis(deadline));
  const bool was_in_force = before.policy_version > 0 && before.policy_text == text;
  CO_TRY_ASSIGN(const uint64_t version,
                co_await parts_.ledger.ActivatePolicy(std::move(text), principal.id, deadline));
  // Durable and in force as it is; this replica would find out by itself.
  CO_TRY(co_await parts_.basis.Refresh(deadline));
  co_return AppliedPolicy{version, was_in_force && version == before.policy_version};
}

}  // namespace mayfly::issuance
