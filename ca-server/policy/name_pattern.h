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
#include <vector>

#include "policy/placeholder.h"
#include "x509/general_name.h"

namespace mayfly::policy {

// In front of a pattern that grants a wildcard name itself.
constexpr std::string_view kWildcardPrefix = "wildcard:";

// A name cut into its labels or segments, once for all the patterns that it is held against.
struct NameParts {
  explicit NameParts(const x509::GeneralName& name);
  const x509::GeneralName& name;
  std::vector<std::string_view> parts;  // of a DNS name or a URI; into `name`
  std::vector<bool> is_plain;           // could be a claim's value
};

class NamePattern {
 public:
  // Errors: kConfiguration "policy.pattern".
  static Result<NamePattern> Parse(x509::GeneralName::Kind kind, std::string_view text);

  // Whether a part of it is free: a place, or a "*" in a URI. These are walked, part by part; all
  // others are found by what they say (PatternIndex).
  bool is_walked() const { return !parts_.empty(); }
  size_t part_count() const { return parts_.size(); }
  // Of one that is walked. A place whose claim is missing, or is not one plain segment or label,
  // matches nothing. `claims`: nullptr for renewals: could anybody's make it match?
  bool WalkMatches(const NameParts& name, const Claims* claims) const;
  // For rules that deny: matches, or is a wildcard name that peers would take for one that matches.
  bool WalkTouches(const NameParts& name, const Claims& claims) const;

  x509::GeneralName::Kind kind() const { return kind_; }
  const std::string& text() const { return text_; }
  std::set<std::string, std::less<>> places() const;                       // claims that it needs
  bool is_wildcard() const { return text_.starts_with(kWildcardPrefix); }  // of kDns
  const std::string& network() const { return network_; }                  // of kIp: the octets
  size_t prefix_bits() const { return prefix_bits_; }                      // of kIp

 private:
  static Result<NamePattern> ParseIp(std::string_view text);
  NamePattern(x509::GeneralName::Kind kind, std::string text)
      : kind_(kind), text_(std::move(text)) {}
  x509::GeneralName::Kind kind_;
  std::string text_;
  struct Part {
    enum class Kind : uint8_t { kLiteral, kAnyLabel, kAnySegment, kPlace } kind;
    std::string text;  // of a literal, or the claim's name
  };
  void MakeParts();
  static bool Fits(const Part& part, const NameParts& name, size_t at, const Claims* claims);
  std::string network_;
  size_t prefix_bits_ = 0;
  std::vector<Part> parts_;  // where it is walked
};

}  // namespace mayfly::policy
