// PrincipalPattern: whom a rule is about. Exact but for these forms:
//
//   "spiffe://mayfly.internal/web", "dns:web.internal", "local:0"   that requester
//   "local:*"                                                       every user of the CA's machine
//   "jwt:cluster:system:serviceaccount:prod:api"                    that token's subject
//   "jwt:cluster:*"                                                 every subject of that issuer
//   "foreign:partner:spiffe://partner.example/api"                  that holder of a certificate of
//   "foreign:partner:dns:api.partner.example"                       that foreign CA
//   "foreign:partner:*"                                             every holder of one
//   "*"                                                             everybody; in rules that deny
//   "spiffe://mayfly.internal/ns/{namespace}/sa/{serviceaccount}"   each {..} is one segment of the
//                                                                   path, and becomes a claim
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/principal.h"

namespace mayfly::policy {

class PrincipalPattern {
 public:
  // Errors: kConfiguration "policy.principal".
  static Result<PrincipalPattern> Parse(std::string_view text);

  // The requester's claims and those that the pattern's places give; nothing where it is another.
  // A claim that the requester has already must be what stands in its place.
  std::optional<Claims> Match(const Principal& principal) const;
  bool is_everybody() const { return text_ == "*"; }
  bool has_places() const { return has_places_; }
  // Of an issuer of tokens, or of a foreign CA.
  bool is_every_subject() const { return !subjects_of_.empty(); }
  // The claims that a match has for certain: those of the places, and the trust domain of a SPIFFE
  // ID of our own.
  std::set<std::string, std::less<>> places() const;
  // Whether there may be others: those of a token are the configuration's to say.
  bool has_token_claims() const { return source_ == ProofOfIdentity::kJwt; }
  const std::string& text() const { return text_; }

 private:
  static Result<PrincipalPattern> ParseToken(std::string_view text);
  static Result<PrincipalPattern> ParseForeign(std::string_view text);
  explicit PrincipalPattern(std::string text) : text_(std::move(text)) {}
  std::string text_;  // as Principal::id would be
  bool has_places_ = false;
  // What alone proves such an id, where others could not: kJwt or kForeignCertificate.
  std::optional<ProofOfIdentity> source_;
  std::string subjects_of_;  // "jwt:cluster:", where every subject is meant
};

// What the first pattern that fits says of the principal.
std::optional<Claims> MatchAny(const std::vector<PrincipalPattern>& patterns,
                               const Principal& principal);

}  // namespace mayfly::policy
