// What a pattern matches, worked out a second time and slowly, from its text: what the tests hold
// the index and the walk against.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "policy/pattern_index.h"

namespace mayfly::policy {

class PatternOracle {
 public:
  explicit PatternOracle(const NamePattern& pattern) : pattern_(pattern) {}

  // A place whose claim is missing, or is not one plain segment or label, matches nothing.
  bool Matches(const x509::GeneralName& name, const Claims& claims = {}) const {
    return MatchesWith(name, &claims);
  }
  // Could anybody's claims make it match?
  bool MatchesForSomebody(const x509::GeneralName& name) const {
    return MatchesWith(name, nullptr);
  }
  // Matches, or is a wildcard name that peers would take for one that matches.
  bool Touches(const x509::GeneralName& name, const Claims& claims = {}) const {
    if (Matches(name, claims)) return true;
    const bool is_wildcard_name = name.kind() == Kind::kDns && name.value().starts_with("*.");
    if (pattern_.kind() != Kind::kDns || !is_wildcard_name || pattern_.is_wildcard()) return false;
    const std::string_view text = pattern_.text();
    const size_t dot = text.find('.');
    return dot != text.npos &&
           MatchesParts(text.substr(dot + 1), name.value().substr(2), '.', &claims);
  }

 private:
  using Kind = x509::GeneralName::Kind;

  static bool FitsPart(std::string_view wanted, std::string_view given, bool is_label,
                       const Claims* claims) {
    const auto is_plain = is_label ? IsPlainLabel : IsPlainSegment;
    if (const auto place = PlaceholderOf(wanted)) {
      if (claims == nullptr) return is_plain(given);
      const auto found = claims->find(*place);
      return found != claims->end() && is_plain(found->second) && found->second == given;
    }
    if (wanted == "*") return is_label ? given != "*" : is_plain(given);
    return wanted == given;
  }
  static bool MatchesParts(std::string_view pattern, std::string_view name, char separator,
                           const Claims* claims) {
    const auto wanted = Split(pattern, separator), given = Split(name, separator);
    return std::ranges::equal(wanted, given, [&](std::string_view a, std::string_view b) {
      return FitsPart(a, b, separator == '.', claims);
    });
  }
  static bool MatchesDns(std::string_view pattern, std::string_view name, const Claims* claims) {
    if (!pattern.starts_with(kWildcardPrefix)) return MatchesParts(pattern, name, '.', claims);
    pattern.remove_prefix(kWildcardPrefix.size() + 1);  // and the star, which the name has too
    return name.starts_with("*") &&
           MatchesParts("x" + std::string(pattern), "x" + std::string(name.substr(1)), '.', claims);
  }
  static bool MatchesEmail(std::string_view pattern, std::string_view name) {
    if (!pattern.starts_with("*@")) return name == pattern;
    const size_t at = name.rfind('@');
    return at != name.npos && name.substr(at) == pattern.substr(1);
  }
  bool MatchesIp(std::string_view address) const {
    if (address.size() != pattern_.network().size()) return false;
    for (size_t bit = 0; bit < pattern_.prefix_bits(); ++bit) {
      const int mask = 0x80 >> (bit % 8);
      if ((address[bit / 8] ^ pattern_.network()[bit / 8]) & mask) return false;
    }
    return true;
  }
  bool MatchesWith(const x509::GeneralName& name, const Claims* claims) const {
    if (name.kind() != pattern_.kind()) return false;
    switch (name.kind()) {
      case Kind::kDns:
        return MatchesDns(pattern_.text(), name.value(), claims);
      case Kind::kUri:
        return MatchesParts(pattern_.text(), name.value(), '/', claims);
      case Kind::kEmail:
        return MatchesEmail(pattern_.text(), name.value());
      case Kind::kIp:
        return MatchesIp(name.value());
    }
    return false;
  }

  const NamePattern& pattern_;
};

// As the Authorizer does it: the index, and a walk where that is needed. `claims`: nullptr for
// somebody's, of kMatch.
inline bool Fits(const NamePattern& pattern, const x509::GeneralName& name, const Claims* claims,
                 PatternIndex::Asked asked) {
  const Rule rule{"one", {}, {}, {pattern}};
  const PatternIndex index({rule});
  if (index.First(name, asked, {true})) return true;
  const NameParts parts(name);
  return std::ranges::any_of(index.WalkedOf(0), [&](uint32_t at) {
    const NamePattern& walked = rule.names[at];
    return asked == PatternIndex::Asked::kTouch ? walked.WalkTouches(parts, *claims)
                                                : walked.WalkMatches(parts, claims);
  });
}

}  // namespace mayfly::policy
