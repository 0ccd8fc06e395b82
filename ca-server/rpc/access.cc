#include "rpc/access.h"

#include <optional>

namespace mayfly::rpc {
namespace {

policy::Roles FromRole(v1::Role role) {
  switch (role) {
    case v1::ROLE_REQUESTER:
      return {policy::Role::kRequester};
    case v1::ROLE_ENROLLER:
      return {policy::Role::kEnroller};
    case v1::ROLE_AUDITOR:
      return {policy::Role::kAuditor};
    case v1::ROLE_OPERATOR:
      return {policy::Role::kOperator};
    case v1::ROLE_ADMIN:
      return {policy::Role::kAdmin};
    default:
      return {};
  }
}

// What a principal was proved with on its way here. Users of the CA's own machine and the server
// itself do not come over the network.
std::optional<v1::Credential> CredentialOf(policy::ProofOfIdentity proof) {
  switch (proof) {
    case policy::ProofOfIdentity::kCertificate:
      return v1::CREDENTIAL_CERTIFICATE;
    case policy::ProofOfIdentity::kLocal:
    case policy::ProofOfIdentity::kSystem:
      return std::nullopt;
  }
  return std::nullopt;
}

Status RequireCredential(const v1::MethodAccess& access, const policy::Principal& principal) {
  const auto credential = CredentialOf(principal.proof);
  if (credential && (access.credentials & 1u << *credential) != 0) return Ok();
  return Fail(ErrorCode::kUnauthenticated, "peer.credential",
              std::string(access.method) + " does not take this kind of credential");
}

}  // namespace

policy::Roles NeededRoles(const v1::MethodAccess& access) {
  policy::Roles roles;
  for (int number = v1::Role_MIN; number <= v1::Role_MAX; ++number) {
    if ((access.roles & 1u << number) != 0) roles |= FromRole(static_cast<v1::Role>(number));
  }
  return roles;
}

Task<Result<Caller>> Admit(UseCases& use_cases, const v1::MethodAccess& access,
                           policy::Principal principal, BootTime deadline) {
  CO_TRY(RequireCredential(access, principal));
  policy::Principal asking = principal;
  const policy::Roles needed = NeededRoles(access);
  CO_TRY(co_await use_cases.RequireRole(std::move(asking), needed, deadline));
  co_return Caller(std::move(principal));
}

}  // namespace mayfly::rpc
