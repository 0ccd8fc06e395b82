// SPIFFE ID (SPIFFE-ID 2): spiffe://<trust domain>/<path>.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::x509 {

constexpr size_t kSpiffeIdBytesMax = 2048;
constexpr size_t kTrustDomainBytesMax = 255;

struct SpiffeId {
  std::string trust_domain;  // lower case [a-z0-9._-]
  std::string path;          // with its leading slash; empty for the trust domain itself
  // Rule "name.spiffe": no port, userinfo, percent, query, fragment, trailing slash, empty
  // segment, "." or "..".
  static Result<SpiffeId> Parse(std::string_view uri);
  std::string ToString() const { return "spiffe://" + trust_domain + path; }
};
bool IsTrustDomain(std::string_view text);

}  // namespace mayfly::x509
