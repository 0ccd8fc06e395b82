#include "rpc/identification.h"

#include <grpcpp/server_context.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "policy/enrolment.h"
#include "rpc/peer.h"
#include "x509/digest.h"

namespace mayfly::rpc {
namespace {

constexpr char kAuthorization[] = "authorization";
constexpr std::string_view kScheme = "bearer ";

Error NoBearer() {
  return Fail(ErrorCode::kUnauthenticated, "peer.authorization",
              "the metadata \"authorization\" stands there once, as \"Bearer TOKEN\"");
}

Error TwoCredentials() {
  return Fail(ErrorCode::kUnauthenticated, "peer.two-credentials",
              "the client certificate says who calls; send no token beside it, or send it to a "
              "listener without client certificates");
}

policy::Principal Nobody() { return {policy::ProofOfIdentity::kNobody, "", "", {}}; }

// Nothing: the certificate is ours, or nobody's.
Result<std::optional<policy::Principal>> IdentifyForeign(const IdentificationParts& parts,
                                                         const grpc::AuthContext& context) {
  if (!parts.check_foreign) return std::optional<policy::Principal>();
  TRY_ASSIGN(const x509::PresentedChain chain, PeerChain(context));
  auto proved = parts.check_foreign(chain);
  if (!proved) return std::optional<policy::Principal>();
  TRY_ASSIGN(policy::Principal principal, *std::move(proved));
  return std::optional(std::move(principal));
}

}  // namespace

Result<std::string> ReadBearer(std::string_view value) {
  const bool has_scheme =
      value.size() > kScheme.size() &&
      std::ranges::equal(value.substr(0, kScheme.size()), kScheme, {},
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::string_view token = has_scheme ? value.substr(kScheme.size()) : "";
  const bool is_plain =
      std::ranges::all_of(token, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (token.empty() || !is_plain) return NoBearer();
  return std::string(token);
}

Task<Result<policy::Principal>> IdentifyCaller(const IdentificationParts& parts,
                                               const grpc::CallbackServerContext& context,
                                               BootTime deadline) {
  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range(kAuthorization);
  if (parts.callers == Callers::kWithCertificate) {
    CO_TRY_ASSIGN(auto foreign, IdentifyForeign(parts, *context.auth_context()));
    if (foreign) {
      if (first != last) co_return TwoCredentials();
      co_return *std::move(foreign);
    }
    CO_TRY_ASSIGN(x509::Certificate peer, PeerCertificate(*context.auth_context()));
    if (first != last) co_return TwoCredentials();
    auto known = co_await parts.use_cases.Identify(std::move(peer), deadline);
    co_return known;
  }
  if (first == last) co_return Nobody();
  if (std::next(first) != last) co_return NoBearer();
  CO_TRY_ASSIGN(std::string token, ReadBearer({first->second.data(), first->second.size()}));
  if (token.starts_with(policy::kEnrolmentTokenPrefix)) {
    auto holder = co_await parts.use_cases.IdentifyToken(x509::Sha256(AsBytes(token)), deadline);
    co_return holder;
  }
  auto proven = co_await parts.check_jwt(std::move(token));
  co_return proven;
}

}  // namespace mayfly::rpc
