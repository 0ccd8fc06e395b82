#include "x509/dns_name.h"

#include <algorithm>

#include "x509/punycode.h"

namespace mayfly::x509 {
namespace {

constexpr std::string_view kWildcardPrefix = "*.";
constexpr std::string_view kALabelPrefix = "xn--";  // RFC 5890 2.3.2.1

Error Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "name.dns", std::move(message));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }
bool IsLabelChar(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '-'; }

Status CheckLabel(std::string_view label) {
  if (label.empty() || label.size() > kDnsLabelCharsMax) {
    return Bad("each label of a DNS name has 1 to 63 characters, and there is no trailing dot");
  }
  if (!std::all_of(label.begin(), label.end(), IsLabelChar)) {
    const bool is_ascii = std::ranges::all_of(label, [](char c) { return (c & 0x80) == 0; });
    return Bad(is_ascii ? "a DNS name is letters, digits and hyphens"
                        : "a DNS name is letters, digits and hyphens; one with others is asked for "
                          "in its ASCII form, xn--...");
  }
  if (label.front() == '-' || label.back() == '-') {
    return Bad("no label of a DNS name begins or ends with a hyphen");
  }
  if (label.starts_with(kALabelPrefix) && !IsPunycode(label.substr(kALabelPrefix.size()))) {
    return Bad("a label that begins with xn-- goes on with valid Punycode");
  }
  return Ok();
}

bool IsNumber(std::string_view label) {
  if (label.starts_with("0x")) {
    return std::all_of(label.begin() + 2, label.end(), IsHexDigit);
  }
  return std::all_of(label.begin(), label.end(), IsDigit);
}

}  // namespace

std::string AsciiLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Result<std::string> NormalDnsName(std::string_view text, Wildcard wildcard) {
  if (text.empty() || text.size() > kDnsNameCharsMax) {
    return Bad("a DNS name has 1 to 253 characters");
  }
  std::string name = AsciiLower(text);
  std::string_view rest = name;
  if (rest.starts_with(kWildcardPrefix) && wildcard == Wildcard::kAllowed) {
    rest.remove_prefix(kWildcardPrefix.size());
    size_t following = 1 + static_cast<size_t>(std::count(rest.begin(), rest.end(), '.'));
    if (following + 1 < kWildcardLabelsMin) {
      return Bad("a wildcard stands before at least two labels");
    }
  }
  for (bool last = false; !last;) {
    size_t dot = rest.find('.');
    last = dot == std::string_view::npos;
    std::string_view label = rest.substr(0, dot);
    TRY(CheckLabel(label));
    if (last && IsNumber(label)) return Bad("a DNS name does not end with a number");
    if (!last) rest.remove_prefix(dot + 1);
  }
  return name;
}

}  // namespace mayfly::x509
