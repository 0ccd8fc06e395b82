#include "x509/uri_name.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "x509/dns_name.h"
#include "x509/general_name.h"
#include "x509/spiffe_id.h"

namespace mayfly::x509 {
namespace {

constexpr std::string_view kAuthorityMark = "://";
constexpr std::string_view kPunctuation = "-._~:/?#[]@!$&'()*+,;=%";  // RFC 3986 2.1 to 2.3

Error Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "name.uri", std::move(message));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsLetter(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z'); }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsUriChar(char c) {
  return IsLetter(c) || IsDigit(c) || kPunctuation.find(c) != std::string_view::npos;
}

// RFC 3986 3.1, already in lower case.
bool IsScheme(std::string_view text) {
  return !text.empty() && IsLower(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLower(c) || IsDigit(c) || c == '+' || c == '-' || c == '.';
  });
}

// RFC 3986 2.3
bool IsUnreserved(int c) {
  return c < 0x80 && (std::isalnum(c) || std::string_view("-._~").find(static_cast<char>(c)) !=
                                             std::string_view::npos);
}

bool ArePercentsSound(std::string_view text) {
  for (size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (text.size() - i < 3 || !IsHexDigit(text[i + 1]) || !IsHexDigit(text[i + 2])) return false;
  }
  return true;
}

// What is escaped and need not be would be a second spelling. The percents are sound.
bool ArePercentsNeeded(std::string_view text) {
  for (size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (IsUnreserved(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16))) return false;
  }
  return true;
}

// RFC 3986 6.2.2.1: the hex digits of an escape in upper case. The percents are sound.
std::string WithUpperPercents(std::string_view text) {
  std::string upper(text);
  for (size_t i = upper.find('%'); i != std::string::npos; i = upper.find('%', i + 3)) {
    for (size_t digit : {i + 1, i + 2}) {
      if (IsLower(upper[digit])) upper[digit] = static_cast<char>(upper[digit] - 'a' + 'A');
    }
  }
  return upper;
}

// RFC 3986 3.2.3, what follows the host: nothing, or ":" and a number. One without digits says
// nothing, and zeros in front would be a second spelling.
std::optional<std::string> NormalPort(std::string_view text) {
  constexpr size_t kPortDigitsMax = 5;
  if (text.empty()) return "";
  std::string_view digits = text.substr(1);
  if (text[0] != ':' || !std::ranges::all_of(digits, IsDigit)) return std::nullopt;
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  if (digits.empty()) return "";
  if (digits.size() > kPortDigitsMax || std::stoi(std::string(digits)) > 65535) return std::nullopt;
  return ":" + std::string(digits);
}

// A DNS name, an IPv4 address, or an IPv6 address in brackets, in the form of RFC 5952 4.
std::optional<std::string> NormalHost(std::string_view text) {
  if (!text.starts_with('[')) {
    if (!NormalDnsName(text, Wildcard::kRefused) && !GeneralName::Ip(text)) return std::nullopt;
    return std::string(text);
  }
  const std::string_view inside = text.substr(1, text.size() - 2);
  const auto address = GeneralName::Ip(inside);
  if (!address || inside.find(':') == std::string_view::npos) return std::nullopt;
  return "[" + address->ValueText() + "]";
}

// host [":" port], in lower case already.
std::optional<std::string> NormalAuthority(std::string_view text) {
  const size_t closing = text.starts_with('[') ? text.find(']') : 0;
  if (closing == std::string_view::npos) return std::nullopt;
  const size_t host_end = closing > 0 ? closing + 1 : std::min(text.find(':'), text.size());
  auto host = NormalHost(text.substr(0, host_end));
  const auto port = NormalPort(text.substr(host_end));
  if (!host || !port) return std::nullopt;
  return *std::move(host) + *port;
}

Error TooLong() { return Bad("a URI has at most 2048 bytes"); }

}  // namespace

Result<std::string> NormalUri(std::string_view text) {
  if (text.size() > kUriBytesMax) return TooLong();
  if (!std::all_of(text.begin(), text.end(), IsUriChar) || !ArePercentsSound(text)) {
    return Bad("a URI has only the characters of RFC 3986, and % before two hex digits");
  }
  size_t mark = text.find(kAuthorityMark);
  if (mark == std::string_view::npos) return Bad("a URI is a scheme, \"://\" and an authority");
  size_t authority_start = mark + kAuthorityMark.size();
  size_t authority_end = std::min(text.find_first_of("/?#", authority_start), text.size());
  std::string scheme = AsciiLower(text.substr(0, mark));
  std::string authority = AsciiLower(text.substr(authority_start, authority_end - authority_start));
  if (!IsScheme(scheme)) return Bad("a URI begins with a scheme");
  // User information before the host is a way to make one host look like another.
  if (authority.empty() || authority.find('@') != std::string::npos) {
    return Bad("a URI has an authority without user information");
  }
  if (scheme != "spiffe" && !ArePercentsNeeded(text)) {
    return Bad("a letter, a digit, and - . _ ~ are not escaped with %");
  }
  const std::string_view rest = text.substr(authority_end);
  std::string uri = scheme + std::string(kAuthorityMark);
  if (scheme == "spiffe") {  // which has rules of its own
    uri += authority + std::string(rest);
    TRY(SpiffeId::Parse(uri));
    return uri;
  }
  const auto normal = NormalAuthority(authority);
  if (!normal) {
    return Bad(
        "a URI's host is a DNS name, an IPv4 address or an IPv6 address in brackets, and its "
        "port is 0 to 65535");
  }
  uri += *normal + WithUpperPercents(rest);
  if (uri.size() > kUriBytesMax) return TooLong();  // ::1:2 is ::0.1.0.2
  return uri;
}

}  // namespace mayfly::x509
