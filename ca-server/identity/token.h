// A bearer token (JWT, RFC 7519) and what it must say; signatures and keys are elsewhere.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "identity/compact_jws.h"
#include "identity/jwk_set.h"
#include "policy/principal.h"
#include "policy/token_issuer.h"

namespace mayfly::identity {

constexpr size_t kTokenBytesMaxDefault = 8 * 1024;
constexpr size_t kAudiencesMax = 16;
constexpr size_t kClaimValueCharsMax = 255;

// What a token proved.
struct VerifiedToken {
  std::string issuer_name;  // policy::TokenIssuer::name
  std::string subject;      // policy::IsTokenSubject
  policy::Claims claims;    // those of policy::TokenIssuer::claims that it has
  TimePoint expires;        // "exp" itself, without the clock skew
};

// Taken apart, nothing believed.
class UnverifiedToken {
 public:
  // Errors: kUnauthenticated "jwt.size", "jwt.format" and those of CompactJws.
  static Result<UnverifiedToken> Parse(std::string_view text, size_t bytes_max);

  const CompactJws& jws() const { return jws_; }
  const Json& payload() const { return payload_; }
  // "iss", empty where it is missing or not a text.
  const std::string& issuer() const { return issuer_; }

 private:
  UnverifiedToken(CompactJws jws, Json payload, std::string issuer)
      : jws_(std::move(jws)), payload_(std::move(payload)), issuer_(std::move(issuer)) {}
  CompactJws jws_;
  Json payload_;
  std::string issuer_;
};

// The algorithm in the header, where the issuer may use it. Error: kUnauthenticated
// "jwt.algorithm".
Result<policy::JwsAlgorithm> AlgorithmOf(const UnverifiedToken& token,
                                         const policy::TokenIssuer& issuer);

// What the token says, checked against what must stand in it. It is cheap and says nothing about
// who wrote it, so it may be asked before keys are looked for; believe none of it before the
// signature has been checked. Errors, kUnauthenticated:
//   "jwt.issuer"         another "iss"
//   "jwt.audience"       "aud" is neither the audience nor a list with it
//   "jwt.expired"        "exp", plus the clock skew, has been reached (RFC 7519 4.1.4)
//   "jwt.not-yet-valid"  "nbf" or "iat", less the clock skew, has not
//   "jwt.claims"         "exp" or "sub" is missing, or one of the above is not what it must be
Result<VerifiedToken> ReadClaims(const UnverifiedToken& token, const policy::TokenIssuer& issuer,
                                 TimePoint now);

// All of it with keys that are there: AlgorithmOf, ReadClaims, then "jwt.key-unknown",
// "jwt.signature".
Result<VerifiedToken> VerifyWith(const UnverifiedToken& token, const policy::TokenIssuer& issuer,
                                 const JwkSet& keys, TimePoint now);

policy::Principal PrincipalOf(const VerifiedToken& token);

}  // namespace mayfly::identity
