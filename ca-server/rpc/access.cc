#include "rpc/access.h"

#include <optional>
#include <string_view>

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
    case policy::ProofOfIdentity::kEnrolmentToken:
      return v1::CREDENTIAL_ENROLMENT_TOKEN;
    case policy::ProofOfIdentity::kJwt:
      return v1::CREDENTIAL_JWT;
    case policy::ProofOfIdentity::kForeignCertificate:
      return v1::CREDENTIAL_FOREIGN_CERTIFICATE;
    case policy::ProofOfIdentity::kNobody:
      return v1::CREDENTIAL_NONE;
    case policy::ProofOfIdentity::kLocal:
    case policy::ProofOfIdentity::kSystem:
      return std::nullopt;
  }
  return std::nullopt;
}

constexpr uint32_t kInTheHandshake =
    1u << v1::CREDENTIAL_CERTIFICATE | 1u << v1::CREDENTIAL_FOREIGN_CERTIFICATE;

bool Takes(const v1::MethodAccess& access, v1::Credential credential) {
  return (access.credentials & 1u << credential) != 0;
}

// "a client certificate or a JWT": what would open the method.
std::string CredentialsOf(const v1::MethodAccess& access) {
  static constexpr std::pair<v1::Credential, std::string_view> kWords[] = {
      {v1::CREDENTIAL_NONE, "no credential"},
      {v1::CREDENTIAL_CERTIFICATE, "a client certificate of this CA"},
      {v1::CREDENTIAL_ENROLMENT_TOKEN, "an enrolment token"},
      {v1::CREDENTIAL_JWT, "a JWT of a configured issuer"},
      {v1::CREDENTIAL_FOREIGN_CERTIFICATE, "a client certificate of a configured foreign CA"}};
  std::string text;
  for (const auto& [credential, word] : kWords) {
    if (Takes(access, credential)) text += (text.empty() ? "" : " or ") + std::string(word);
  }
  return text;
}

Status RequireCredential(const v1::MethodAccess& access, const policy::Principal& principal) {
  const auto credential = CredentialOf(principal.proof);
  if (credential && Takes(access, *credential)) return Ok();
  return Fail(ErrorCode::kUnauthenticated, "peer.credential",
              std::string(access.method) + " takes " + CredentialsOf(access));
}

}  // namespace

Status RequireServed(const v1::MethodAccess& access, Callers callers) {
  const bool takes_certificate = (access.credentials & kInTheHandshake) != 0;
  const bool takes_others = (access.credentials & ~kInTheHandshake) != 0;
  if (callers == Callers::kWithCertificate ? takes_certificate : takes_others) return Ok();
  return Fail(ErrorCode::kUnauthenticated, "peer.listener",
              std::string(access.method) + " takes " + CredentialsOf(access) +
                  "; call the listener for that");
}

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
  // Whoever shows nothing has no role, and where that is enough there is none to ask for.
  if (principal.proof == policy::ProofOfIdentity::kNobody) co_return Caller(std::move(principal));
  policy::Principal asking = principal;
  const policy::Roles needed = NeededRoles(access);
  CO_TRY(co_await use_cases.RequireRole(std::move(asking), needed, deadline));
  co_return Caller(std::move(principal));
}

}  // namespace mayfly::rpc
