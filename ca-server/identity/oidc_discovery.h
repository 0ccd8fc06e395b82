// Keys over HTTPS: by the issuer's OpenID Connect Discovery 1.0 document, or from a known address.
#pragma once

#include <memory>
#include <string>

#include "https_client/https_client.h"
#include "identity/jwks_source.h"

namespace mayfly::identity {

// ISSUER/.well-known/openid-configuration, whose "issuer" must be the same (4.3), then the JWKS at
// its "jwks_uri". The host of that may be another, as it is with public providers; it is said over
// TLS by the issuer itself.
class OidcDiscovery final : public JwksSource {
 public:
  OidcDiscovery(std::string issuer, std::unique_ptr<HttpsClient> client)
      : issuer_(std::move(issuer)), client_(std::move(client)) {}
  // Errors: "jwks.https", "jwks.discovery" (not a document of this issuer), and those of JwkSet.
  Result<FetchedKeys> Fetch(const std::atomic<bool>& cancelled) override;

 private:
  std::string issuer_;
  std::unique_ptr<HttpsClient> client_;
};

// A JWKS at a known address, for issuers whose discovery names one that cannot be reached (a
// Kubernetes API server names its own address).
class JwksUrl final : public JwksSource {
 public:
  JwksUrl(std::string url, std::unique_ptr<HttpsClient> client)
      : url_(std::move(url)), client_(std::move(client)) {}
  Result<FetchedKeys> Fetch(const std::atomic<bool>& cancelled) override;

 private:
  std::string url_;
  std::unique_ptr<HttpsClient> client_;
};

// OpenID Connect Discovery 1.0, 4.1: a slash that the issuer ends with is taken away first.
std::string DiscoveryUrl(const std::string& issuer);

}  // namespace mayfly::identity
