#include "x509/uri_name.h"

#include <algorithm>
#include <cctype>
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

bool IsPort(std::string_view text) {
  constexpr size_t kPortDigitsMax = 5;
  return !text.empty() && text.size() <= kPortDigitsMax && std::ranges::all_of(text, IsDigit) &&
         std::stoi(std::string(text)) <= 65535;
}

// host [":" port], the host a DNS name, an IPv4 address or an IPv6 address in brackets.
bool IsAuthority(std::string_view text) {
  std::string_view host = text, port;
  const size_t closing = text.starts_with('[') ? text.find(']') : 0;
  if (closing == std::string_view::npos) return false;
  if (const size_t colon = text.find(':', closing); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (!IsPort(port)) return false;
  }
  if (closing > 0)
    return host.size() == closing + 1 && GeneralName::Ip(host.substr(1, closing - 1));
  return NormalDnsName(host, Wildcard::kRefused) || GeneralName::Ip(host);
}

}  // namespace

Result<std::string> NormalUri(std::string_view text) {
  if (text.size() > kUriBytesMax) return Bad("a URI has at most 2048 bytes");
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
  // A trust domain has rules of its own.
  if (scheme != "spiffe" && !IsAuthority(authority)) {
    return Bad(
        "a URI's host is a DNS name, an IPv4 address or an IPv6 address in brackets, and its "
        "port is 0 to 65535");
  }
  std::string uri = scheme + std::string(kAuthorityMark) + authority;
  uri += text.substr(authority_end);
  if (scheme == "spiffe") TRY(SpiffeId::Parse(uri));
  return uri;
}

}  // namespace mayfly::x509
