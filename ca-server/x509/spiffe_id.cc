#include "x509/spiffe_id.h"

#include <algorithm>

namespace mayfly::x509 {
namespace {

constexpr std::string_view kScheme = "spiffe://";

Error Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "name.spiffe", std::move(message));
}

bool IsTrustDomainChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool IsPathChar(char c) { return IsTrustDomainChar(c) || (c >= 'A' && c <= 'Z'); }

bool IsPathSegment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         std::all_of(segment.begin(), segment.end(), IsPathChar);
}

// Empty, or "/segment" again and again (SPIFFE-ID 2.2).
bool IsPath(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    std::string_view segment = path.substr(0, path.find('/'));
    if (!IsPathSegment(segment)) return false;
    path.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

bool IsTrustDomain(std::string_view text) {
  return !text.empty() && text.size() <= kTrustDomainBytesMax &&
         std::all_of(text.begin(), text.end(), IsTrustDomainChar);
}

Result<SpiffeId> SpiffeId::Parse(std::string_view uri) {
  if (uri.size() > kSpiffeIdBytesMax) return Bad("a SPIFFE ID has at most 2048 bytes");
  if (!uri.starts_with(kScheme)) return Bad("a SPIFFE ID begins with spiffe://");
  uri.remove_prefix(kScheme.size());
  std::string_view trust_domain = uri.substr(0, uri.find('/'));
  if (!IsTrustDomain(trust_domain)) {
    return Bad("a trust domain is 1 to 255 of a-z 0-9 . _ - and nothing else");
  }
  std::string_view path = uri.substr(trust_domain.size());
  if (!IsPath(path)) {
    return Bad("each path segment is a-z A-Z 0-9 . _ - and never empty, \".\" or \"..\"");
  }
  return SpiffeId{std::string(trust_domain), std::string(path)};
}

}  // namespace mayfly::x509
