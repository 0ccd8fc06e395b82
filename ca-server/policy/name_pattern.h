// NamePattern: which names a rule grants. Matching is exact, on the normal form.
//
//   dns    "web.internal" is that name; "*.internal" is one label before .internal, no more
//          (a wildcard name like *.web.internal is granted only by the very same pattern spelled
//          "wildcard:*.web.internal"); "{namespace}.svc.internal": a label that is the claim
//   ip     "10.0.0.0/8", "fd00::/8": inside the network; without /n it is one address
//   uri    "spiffe://mayfly.internal/ns/*/sa/*": a "*" is exactly one path segment, of
//          [a-zA-Z0-9._-] and neither "." nor ".."; "spiffe://{trust_domain}/ns/{namespace}": the
//          requester's claims, each a whole segment
//   email  "ops@example.internal" is that address; "*@example.internal" any of that domain
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "policy/placeholder.h"
#include "x509/general_name.h"

namespace mayfly::policy {

class NamePattern {
 public:
  // Errors: kConfiguration "policy.pattern".
  static Result<NamePattern> Parse(x509::GeneralName::Kind kind, std::string_view text);

  // A place whose claim is missing, or is not one plain segment or label, matches nothing.
  bool Matches(const x509::GeneralName& name, const Claims& claims = {}) const;
  // For renewals: could anybody's claims make it match? A place is any plain segment or label.
  bool MatchesForSomebody(const x509::GeneralName& name) const;
  // For rules that deny: matches, or is a wildcard name that peers would take for one that matches.
  bool Touches(const x509::GeneralName& name, const Claims& claims = {}) const;
  x509::GeneralName::Kind kind() const { return kind_; }
  const std::string& text() const { return text_; }
  std::set<std::string, std::less<>> places() const;  // claims that it needs

 private:
  static Result<NamePattern> ParseIp(std::string_view text);
  // `claims`: nullptr for somebody's.
  bool MatchesWith(const x509::GeneralName& name, const Claims* claims) const;
  NamePattern(x509::GeneralName::Kind kind, std::string text)
      : kind_(kind), text_(std::move(text)) {}
  x509::GeneralName::Kind kind_;
  std::string text_;
  std::string network_;     // kIp: the octets
  size_t prefix_bits_ = 0;  // kIp
};

}  // namespace mayfly::policy
