#include "policy/name_pattern.h"

#include <algorithm>

namespace mayfly::policy {
namespace {

using Kind = x509::GeneralName::Kind;

Error BadPattern(std::string_view text, std::string_view why) {
  return Fail(ErrorCode::kConfiguration, "policy.pattern",
              "\"" + Escape(text, 128) + "\" is not a pattern: " + std::string(why));
}

// What the pattern's text says of a name: an error of the name is an error of the pattern.
Result<std::string> NormalValue(std::string_view text, Result<x509::GeneralName> name) {
  if (!name) return BadPattern(text, name.error().message);
  return name->value();
}

// Reads the pattern with its stars and places replaced by "x", as the name that it then is, and
// puts them back into the normal form, which has the same parts.
Result<std::string> NormalParts(std::string_view text, char separator,
                                const std::vector<bool>& is_free,
                                Result<x509::GeneralName> (*read)(std::string_view)) {
  const auto parts = Split(text, separator);
  std::vector<std::string_view> example = parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (is_free[i]) example[i] = "x";
  }
  TRY_ASSIGN(const std::string name, NormalValue(text, read(Join(example, separator))));
  auto normal = Split(name, separator);
  if (normal.size() != parts.size()) return BadPattern(text, "it is not in its normal form");
  for (size_t i = 0; i < parts.size(); ++i) {
    if (is_free[i]) normal[i] = parts[i];
  }
  return Join(normal, separator);
}

Error BadPlace(std::string_view text, std::string_view part) {
  return BadPattern(text, "a place like {namespace} is a whole " + std::string(part) +
                              ", named by a-z, 0-9 and \"_\"");
}

bool HasBraces(std::string_view text) { return text.find_first_of("{}") != std::string_view::npos; }

// What a "*" in front is: any label, or the star of a wildcard name.
enum class Star : uint8_t { kAnyLabel, kOfTheName };

// Labels of which the first may be "*" and any a place.
Result<std::string> NormalLabels(std::string_view text, Star star) {
  const auto labels = Split(text, '.');
  std::vector<bool> is_free(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool is_star = i == 0 && labels[i] == "*" && labels.size() > 1;
    is_free[i] = (is_star && star == Star::kAnyLabel) || PlaceholderOf(labels[i]);
    if (is_free[i] || is_star) continue;
    if (HasBraces(labels[i])) return BadPlace(text, "label");
    if (labels[i].find('*') != std::string_view::npos) {
      return BadPattern(text, "only the first label can be \"*\"");
    }
  }
  return NormalParts(text, '.', is_free, &x509::GeneralName::Dns);
}

Result<std::string> NormalDns(std::string_view text) {
  if (!text.starts_with(kWildcardPrefix)) return NormalLabels(text, Star::kAnyLabel);
  const std::string_view name = text.substr(kWildcardPrefix.size());
  if (!name.starts_with("*.")) {
    return BadPattern(text, "\"wildcard:\" is for names that begin with \"*.\"");
  }
  TRY_ASSIGN(std::string normal, NormalLabels(name, Star::kOfTheName));
  return std::string(kWildcardPrefix) + normal;
}

// Free segments are "*" and places, whole ones: stars in the path only, never behind it.
Result<std::string> NormalUri(std::string_view text) {
  constexpr size_t kAuthority = 2;
  const auto segments = Split(text, '/');
  std::vector<bool> is_free(segments.size());
  bool any = false;
  for (size_t i = 0; i < segments.size(); ++i) {
    is_free[i] =
        (i > kAuthority && segments[i] == "*") || (i >= kAuthority && PlaceholderOf(segments[i]));
    any = any || is_free[i];
    if (is_free[i]) continue;
    if (HasBraces(segments[i])) return BadPlace(text, "segment");
    if (segments[i].find('*') != std::string_view::npos) {
      return BadPattern(text, "\"*\" must be a whole segment of the path");
    }
  }
  if (!any) return NormalValue(text, x509::GeneralName::Uri(text));
  if (text.find_first_of("?#") != std::string_view::npos) {
    return BadPattern(text, "a pattern with \"*\" or places has no query and no fragment");
  }
  return NormalParts(text, '/', is_free, &x509::GeneralName::Uri);
}

Result<std::string> NormalEmail(std::string_view text) {
  // A star is the whole local part, and there are no places: what looks like one would be literal.
  const size_t star = text.find('*');
  const bool is_stray = star != std::string_view::npos &&
                        (!text.starts_with("*@") || text.find('*', 1) != std::string_view::npos);
  if (is_stray || HasBraces(text)) {
    return BadPattern(text, "an address is exact, or \"*@\" and a domain");
  }
  if (!text.starts_with("*@")) return NormalValue(text, x509::GeneralName::Email(text));
  std::string example = "x" + std::string(text.substr(1));
  TRY_ASSIGN(std::string normal, NormalValue(text, x509::GeneralName::Email(example)));
  return "*" + normal.substr(1);
}

Result<size_t> PrefixBits(std::string_view text, std::string_view digits, size_t bits_max) {
  bool is_number = !digits.empty() && digits.size() <= 3 &&
                   (digits == "0" || digits.front() != '0') &&
                   std::all_of(digits.begin(), digits.end(),
                               [](unsigned char c) { return c >= '0' && c <= '9'; });
  size_t bits = is_number ? std::stoul(std::string(digits)) : bits_max + 1;
  if (bits > bits_max) {
    return BadPattern(text, "the prefix length must be from 0 to " + std::to_string(bits_max));
  }
  return bits;
}

uint8_t MaskOf(size_t bits) { return static_cast<uint8_t>(0xff00u >> std::min<size_t>(bits, 8)); }

}  // namespace

Result<NamePattern> NamePattern::ParseIp(std::string_view text) {
  size_t slash = text.find('/');
  TRY_ASSIGN(std::string network, NormalValue(text, x509::GeneralName::Ip(text.substr(0, slash))));
  size_t bits = network.size() * 8;
  if (slash != std::string_view::npos) {
    TRY_ASSIGN(bits, PrefixBits(text, text.substr(slash + 1), bits));
  }
  for (size_t i = bits; i < network.size() * 8; ++i) {
    // 10.1.0.0/8 is either the wrong network or the wrong length: better not to guess.
    if (network[i / 8] & (0x80 >> (i % 8))) {
      return BadPattern(text, "the address has bits set beyond its prefix length");
    }
  }
  NamePattern pattern(Kind::kIp, std::string(text));
  pattern.network_ = std::move(network);
  pattern.prefix_bits_ = bits;
  return pattern;
}

Result<NamePattern> NamePattern::Parse(Kind kind, std::string_view text) {
  if (kind == Kind::kIp) return ParseIp(text);
  auto normal = kind == Kind::kDns   ? NormalDns(text)
                : kind == Kind::kUri ? NormalUri(text)
                                     : NormalEmail(text);
  if (!normal) return std::move(normal).error();
  NamePattern pattern(kind, *std::move(normal));
  pattern.MakeParts();
  return pattern;
}

NameParts::NameParts(const x509::GeneralName& of) : name(of) {
  const bool is_dns = of.kind() == Kind::kDns;
  if (!is_dns && of.kind() != Kind::kUri) return;
  parts = Split(of.value(), is_dns ? '.' : '/');
  for (const std::string_view part : parts) {
    is_plain.push_back(is_dns ? IsPlainLabel(part) : IsPlainSegment(part));
  }
}

void NamePattern::MakeParts() {
  using PartKind = Part::Kind;
  const bool is_dns = kind_ == Kind::kDns;
  const bool has_star = kind_ == Kind::kUri && text_.find('*') != std::string::npos;
  if (!has_star && places().empty()) return;
  const PartKind star = !is_dns         ? PartKind::kAnySegment
                        : is_wildcard() ? PartKind::kLiteral
                                        : PartKind::kAnyLabel;
  const std::string_view text = text_;
  const std::string_view body = is_wildcard() ? text.substr(kWildcardPrefix.size()) : text;
  for (const std::string_view part : Split(body, is_dns ? '.' : '/')) {
    const auto place = PlaceholderOf(part);
    parts_.push_back({place         ? PartKind::kPlace
                      : part == "*" ? star
                                    : PartKind::kLiteral,
                      std::string(place.value_or(part))});
  }
}

bool NamePattern::Fits(const Part& part, const NameParts& name, size_t at, const Claims* claims) {
  const std::string_view given = name.parts[at];
  switch (part.kind) {
    case Part::Kind::kLiteral:
      return given == part.text;
    case Part::Kind::kAnyLabel:
      return given != "*";
    case Part::Kind::kAnySegment:
      return name.is_plain[at];
    case Part::Kind::kPlace:
      break;
  }
  if (!name.is_plain[at]) return false;
  if (claims == nullptr) return true;
  const auto claim = claims->find(part.text);
  return claim != claims->end() && claim->second == given;
}

bool NamePattern::WalkMatches(const NameParts& name, const Claims* claims) const {
  if (name.name.kind() != kind_ || name.parts.size() != parts_.size()) return false;
  // The last part first: names of one organisation begin or end alike, those of one pattern do not.
  for (size_t i = parts_.size(); i-- > 0;) {
    if (!Fits(parts_[i], name, i, claims)) return false;
  }
  return true;
}

bool NamePattern::WalkTouches(const NameParts& name, const Claims& claims) const {
  if (WalkMatches(name, &claims)) return true;
  const bool is_wildcard_name =
      kind_ == Kind::kDns && name.name.kind() == kind_ && name.parts.front() == "*";
  if (!is_wildcard_name || is_wildcard() || name.parts.size() != parts_.size()) return false;
  for (size_t i = 1; i < parts_.size(); ++i) {
    if (!Fits(parts_[i], name, i, &claims)) return false;
  }
  return parts_.size() > 1;
}

std::set<std::string, std::less<>> NamePattern::places() const {
  if (kind_ == Kind::kDns) return PlacesIn(text_, '.');
  return kind_ == Kind::kUri ? PlacesIn(text_, '/') : std::set<std::string, std::less<>>();
}

}  // namespace mayfly::policy
