#include "policy/name_pattern.h"

#include <algorithm>

namespace mayfly::policy {
namespace {

using Kind = x509::GeneralName::Kind;

constexpr std::string_view kWildcardPrefix = "wildcard:";

Error BadPattern(std::string_view text, std::string_view why) {
  return Fail(ErrorCode::kConfiguration, "policy.pattern",
              "\"" + Escape(text, 128) + "\" is not a pattern: " + std::string(why));
}

// What the pattern's text says of a name: an error of the name is an error of the pattern.
Result<std::string> NormalValue(std::string_view text, Result<x509::GeneralName> name) {
  if (!name) return BadPattern(text, name.error().message);
  return name->value();
}

Result<std::string> NormalDns(std::string_view text) {
  if (text.starts_with("*.")) {
    TRY_ASSIGN(std::string suffix, NormalValue(text, x509::GeneralName::Dns(text.substr(2))));
    if (suffix.starts_with("*")) return BadPattern(text, "only the first label can be \"*\"");
    return "*." + suffix;
  }
  if (text.starts_with(kWildcardPrefix)) {
    std::string_view name = text.substr(kWildcardPrefix.size());
    if (!name.starts_with("*.")) {
      return BadPattern(text, "\"wildcard:\" is for names that begin with \"*.\"");
    }
    TRY_ASSIGN(std::string normal, NormalValue(text, x509::GeneralName::Dns(name)));
    return std::string(kWildcardPrefix) + normal;
  }
  return NormalValue(text, x509::GeneralName::Dns(text));
}

bool MatchesDns(std::string_view pattern, std::string_view name) {
  if (pattern.starts_with(kWildcardPrefix)) return name == pattern.substr(kWildcardPrefix.size());
  if (!pattern.starts_with("*.")) return name == pattern;
  size_t dot = name.find('.');
  return dot != std::string_view::npos && name.substr(0, dot) != "*" &&
         name.substr(dot + 1) == pattern.substr(2);
}

// A "*" stands for one whole path segment; never for a part of one, nor in the authority, nor
// behind the path.
bool StarsAreWholeSegments(std::string_view text) {
  size_t authority = text.find("://");
  if (authority == std::string_view::npos) return false;
  size_t path = text.find('/', authority + 3);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '*') continue;
    if (path == std::string_view::npos || i <= path || text[i - 1] != '/') return false;
    if (i + 1 < text.size() && text[i + 1] != '/') return false;
  }
  return text.find_first_of("?#") == std::string_view::npos;
}

Result<std::string> NormalUri(std::string_view text) {
  if (text.find('*') == std::string_view::npos) {
    return NormalValue(text, x509::GeneralName::Uri(text));
  }
  if (!StarsAreWholeSegments(text)) {
    return BadPattern(text, "\"*\" must be a whole segment of the path");
  }
  std::string example(text);
  std::replace(example.begin(), example.end(), '*', 'x');
  TRY_ASSIGN(std::string normal, NormalValue(text, x509::GeneralName::Uri(example)));
  // The normal form only changes case, so the stars go back to where they were.
  if (normal.size() != text.size()) return BadPattern(text, "it is not in its normal form");
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') normal[i] = '*';
  }
  return normal;
}

// The letters of SPIFFE-ID 2.2, for every scheme: what "*" matches can then never be ".." or
// carry a query, a fragment or an escaped slash.
bool IsPlainSegment(std::string_view segment) {
  if (segment.empty() || segment == "." || segment == "..") return false;
  return std::all_of(segment.begin(), segment.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string_view CutSegment(std::string_view& rest) {
  size_t slash = rest.find('/');
  std::string_view segment = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash);
  return segment;
}

bool MatchesUri(std::string_view pattern, std::string_view name) {
  if (pattern.find('*') == std::string_view::npos) return name == pattern;
  while (true) {
    std::string_view wanted = CutSegment(pattern), given = CutSegment(name);
    if (wanted == "*" ? !IsPlainSegment(given) : wanted != given) return false;
    if (pattern.empty() || name.empty()) return pattern.empty() && name.empty();
    pattern.remove_prefix(1);  // the slash
    name.remove_prefix(1);
  }
}

Result<std::string> NormalEmail(std::string_view text) {
  if (!text.starts_with("*@")) return NormalValue(text, x509::GeneralName::Email(text));
  std::string example = "x" + std::string(text.substr(1));
  TRY_ASSIGN(std::string normal, NormalValue(text, x509::GeneralName::Email(example)));
  return "*" + normal.substr(1);
}

bool MatchesEmail(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*@")) return name == pattern;
  size_t at = name.rfind('@');
  return at != std::string_view::npos && name.substr(at) == pattern.substr(1);
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

bool SameNetwork(std::string_view a, std::string_view b, size_t prefix_bits) {
  for (size_t i = 0; i * 8 < prefix_bits; ++i) {
    uint8_t difference = static_cast<uint8_t>(a[i] ^ b[i]);
    if (difference & MaskOf(prefix_bits - i * 8)) return false;
  }
  return true;
}

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
  return NamePattern(kind, *std::move(normal));
}

bool NamePattern::Matches(const x509::GeneralName& name) const {
  if (name.kind() != kind_) return false;
  switch (kind_) {
    case Kind::kDns:
      return MatchesDns(text_, name.value());
    case Kind::kUri:
      return MatchesUri(text_, name.value());
    case Kind::kEmail:
      return MatchesEmail(text_, name.value());
    case Kind::kIp:
      return name.value().size() == network_.size() &&
             SameNetwork(name.value(), network_, prefix_bits_);
  }
  return false;
}

}  // namespace mayfly::policy
