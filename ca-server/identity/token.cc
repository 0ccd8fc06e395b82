#include "identity/token.h"

#include <algorithm>
#include <cmath>

#include "identity/signature.h"

namespace mayfly::identity {
namespace {

// What a token says of its holder can be written down whole.
static_assert(policy::kClaimsPerIssuerMax *
                  (policy::kClaimNameCharsMax + kClaimValueCharsMax + 2) <=
              policy::kClaimsTextBytesMax);

constexpr double kNumericDateMax = 253402300799;  // the end of the year 9999

Error Refused(std::string rule, std::string message) {
  return Fail(ErrorCode::kUnauthenticated, std::move(rule), std::move(message));
}

Error BadClaim(std::string_view name, std::string_view what) {
  return Refused("jwt.claims", "the token's \"" + std::string(name) + "\" is " + std::string(what));
}

// RFC 7519 2, NumericDate: seconds, perhaps with a fraction.
Result<std::optional<TimePoint>> DateMember(const Json& payload, const char* name) {
  const auto member = payload.find(name);
  if (member == payload.end()) return std::optional<TimePoint>();
  if (!member->is_number()) return BadClaim(name, "not a number");
  const double seconds = member->get<double>();
  if (!(seconds >= 0 && seconds <= kNumericDateMax)) return BadClaim(name, "no time");
  return std::optional(TimePoint(std::chrono::microseconds(std::llround(seconds * 1e6))));
}

Result<TimePoint> CheckTimes(const Json& payload, Seconds skew, TimePoint now) {
  TRY_ASSIGN(const auto expires, DateMember(payload, "exp"));
  TRY_ASSIGN(const auto begins, DateMember(payload, "nbf"));
  TRY_ASSIGN(const auto issued, DateMember(payload, "iat"));
  if (!expires) return BadClaim("exp", "missing: a token must end");
  if (now >= *expires + skew) return Refused("jwt.expired", "the token has expired");
  for (const auto& start : {begins, issued}) {
    if (start && now < *start - skew) {
      return Refused("jwt.not-yet-valid", "the token is not valid yet; are the clocks right?");
    }
  }
  return *expires;
}

// RFC 7519 4.1.3: one text or a list of them.
Status CheckAudience(const Json& payload, const std::string& wanted) {
  const auto audience = payload.find("aud");
  if (audience == payload.end()) return Refused("jwt.audience", "the token is for no audience");
  const Json list = audience->is_array() ? *audience : Json::array({*audience});
  if (list.size() > kAudiencesMax) return BadClaim("aud", "a list that is too long");
  if (!std::ranges::all_of(list, [](const Json& one) { return one.is_string(); })) {
    return BadClaim("aud", "neither a text nor a list of texts");
  }
  if (std::ranges::find(list, Json(wanted)) != list.end()) return Ok();
  return Refused("jwt.audience", "the token is for another audience");
}

// Texts, whole numbers, and true or false; nothing else has one way to be written.
std::optional<std::string> ClaimText(const Json& value) {
  std::string text;
  if (value.is_string()) text = value.get<std::string>();
  if (value.is_number_integer() || value.is_boolean()) text = value.dump();
  const bool is_printable = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  if (text.empty() || text.size() > kClaimValueCharsMax || !is_printable) return std::nullopt;
  return text;
}

const Json* MemberAt(const Json& payload, const policy::ClaimPath& path) {
  const Json* at = &payload;
  for (const std::string& name : path) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(name);
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

}  // namespace

Result<UnverifiedToken> UnverifiedToken::Parse(std::string_view text, size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Refused("jwt.size", "the token is longer than " + std::to_string(bytes_max) + " bytes");
  }
  TRY_ASSIGN(CompactJws jws, CompactJws::Parse(text));
  auto payload = ParseJsonObject(jws.payload());
  if (!payload) return Refused("jwt.format", "the token's payload is " + payload.error().message);
  std::string issuer = TextMember(*payload, "iss").value_or("");
  return UnverifiedToken(std::move(jws), *std::move(payload), std::move(issuer));
}

Result<policy::JwsAlgorithm> AlgorithmOf(const UnverifiedToken& token,
                                         const policy::TokenIssuer& issuer) {
  const auto algorithm = policy::JwsAlgorithmFrom(token.jws().algorithm());
  if (algorithm && issuer.algorithms.contains(*algorithm)) return *algorithm;
  return Refused("jwt.algorithm",
                 "the token is signed by an algorithm that is not among its "
                 "issuer's \"algorithms\"");
}

Result<VerifiedToken> ReadClaims(const UnverifiedToken& token, const policy::TokenIssuer& issuer,
                                 TimePoint now) {
  const Json& payload = token.payload();
  if (token.issuer() != issuer.issuer) {
    return Refused("jwt.issuer", "the token is of another issuer");
  }
  TRY(CheckAudience(payload, issuer.audience));
  TRY_ASSIGN(const TimePoint expires, CheckTimes(payload, issuer.clock_skew, now));
  const auto subject = TextMember(payload, "sub");
  if (!subject || !policy::IsTokenSubject(*subject)) {
    return BadClaim("sub", "not 1 to " + std::to_string(policy::kTokenSubjectCharsMax) +
                               " printable ASCII characters without \"*\"");
  }
  VerifiedToken read{issuer.name, *subject, {}, expires};
  for (const auto& [name, path] : issuer.claims) {
    const Json* value = MemberAt(payload, path);
    const auto text = value == nullptr ? std::nullopt : ClaimText(*value);
    if (text) read.claims.emplace(name, *text);
  }
  return read;
}

Result<VerifiedToken> VerifyWith(const UnverifiedToken& token, const policy::TokenIssuer& issuer,
                                 const JwkSet& keys, TimePoint now) {
  TRY_ASSIGN(const policy::JwsAlgorithm algorithm, AlgorithmOf(token, issuer));
  TRY_ASSIGN(VerifiedToken read, ReadClaims(token, issuer, now));
  const VerificationKey* key = keys.Find(token.jws().key_id(), algorithm);
  if (key == nullptr) {
    return Refused("jwt.key-unknown", "the token's key is not among those of its issuer");
  }
  if (!IsSignedBy(token.jws(), *key, algorithm)) {
    return Refused("jwt.signature", "the token's signature does not hold");
  }
  return read;
}

policy::Principal PrincipalOf(const VerifiedToken& token) {
  const std::string id = policy::TokenPrincipalId(token.issuer_name, token.subject);
  return policy::Principal{.proof = policy::ProofOfIdentity::kJwt,
                           .id = id,
                           .request_scope = id,
                           .names = {},
                           .claims = token.claims,
                           .proof_ends = token.expires};
}

}  // namespace mayfly::identity
