// TokenIssuer: whose bearer tokens (JWT, RFC 7519) prove an identity, and what must stand in them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace mayfly::policy {

constexpr Seconds kClockSkewDefault{60}, kClockSkewMax{300};
constexpr size_t kTokenIssuersMax = 16;
constexpr size_t kTokenIssuerNameCharsMax = 63;
constexpr size_t kTokenSubjectCharsMax = 255;  // OpenID Connect Core 2: sub
constexpr size_t kClaimsPerIssuerMax = 32;
constexpr size_t kClaimPathMembersMax = 8;

// RFC 7518 3.1 and RFC 8037 3.1 without what a list must never hold: "none", and the HS family,
// whose key would be a secret that both sides have.
enum class JwsAlgorithm : uint8_t {
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,  // with Ed25519
};
// "RS256"
std::string_view JwsAlgorithmName(JwsAlgorithm algorithm);
std::optional<JwsAlgorithm> JwsAlgorithmFrom(std::string_view name);  // exact, case counts
const std::vector<JwsAlgorithm>& AllJwsAlgorithms();

// The names of members from the outermost object inwards: {"kubernetes.io", "namespace"}.
using ClaimPath = std::vector<std::string>;

struct TokenIssuer {
  std::string name;      // ours, in "jwt:NAME:SUBJECT"
  std::string issuer;    // "iss", compared exactly
  std::string audience;  // must be the token's "aud" or one of them
  std::set<JwsAlgorithm> algorithms;
  Seconds clock_skew = kClockSkewDefault;
  std::map<std::string, ClaimPath, std::less<>> claims;  // what policies call it -> where it stands
};

// [a-z0-9-]{1,63}
bool IsTokenIssuerName(std::string_view text);
// 1 to 255 printable ASCII characters. No "*": a record must not look like a pattern.
bool IsTokenSubject(std::string_view text);

// "jwt:NAME:SUBJECT", the id and the request scope of a principal.
constexpr std::string_view kTokenPrincipal = "jwt:";
std::string TokenPrincipalId(std::string_view issuer_name, std::string_view subject);
// The parts of such an id; nothing where it is none. "*" is no subject.
struct TokenPrincipalParts {
  std::string_view issuer_name, subject;
};
std::optional<TokenPrincipalParts> SplitTokenPrincipalId(std::string_view id);

}  // namespace mayfly::policy
