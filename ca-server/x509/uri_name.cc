#include "x509/uri_name.h"

#include <algorithm>

#include "x509/dns_name.h"
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

bool ArePercentsSound(std::string_view text) {
  for (size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (text.size() - i < 3 || !IsHexDigit(text[i + 1]) || !IsHexDigit(text[i + 2])) return false;
  }
  return true;
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
  std::string uri = scheme + std::string(kAuthorityMark) + authority;
  uri += text.substr(authority_end);
  if (scheme == "spiffe") TRY(SpiffeId::Parse(uri));
  return uri;
}

}  // namespace mayfly::x509
