// Keys over HTTPS: by the issuer's OpenID Connect Discovery 1.0 document, or from a known address.
#pragma once

#include <memory>
#include <string>

#include "identity/https_get.h"
#include "identity/jwks_source.h"

namespace mayfly::identity {

// ISSUER/.well-known/openid-configuration, whose "issuer" must be the same (4.3), then the JWKS at
// its "jwks_uri". The host of that may be another, as it is with public providers; it is said over
// TLS by the issuer itself.
class OidcDiscovery final : public JwksSource {
 public:
  OidcDiscovery(std::string issuer, std::unique_ptr<HttpsGetter> getter)
      : issuer_(std::move(issuer)), getter_(std::move(getter)) {}
  // Errors: "jwks.https", "jwks.discovery" (not a document of this issuer), and those of JwkSet.
  Result<FetchedKeys> Fetch(const std::atomic<bool>& cancelled) override;

 private:
  std::string issuer_;
  std::unique_ptr<HttpsGetter> getter_;
};

// A JWKS at a known address, for issuers whose discovery names one that cannot be reached (a
// Kubernetes API server names its own address).
class JwksUrl final : public JwksSource {
 public:
  JwksUrl(std::string url, std::unique_ptr<HttpsGetter> getter)
      : url_(std::move(url)), getter_(std::move(getter)) {}
  Result<FetchedKeys> Fetch(const std::atomic<bool>& cancelled) override;

 private:
  std::string url_;
  std::unique_ptr<HttpsGetter> getter_;
};

// OpenID Connect Discovery 1.0, 4.1: a slash that the issuer ends with is taken away first.
std::string DiscoveryUrl(const std::string& issuer);

}  // namespace mayfly::identity
