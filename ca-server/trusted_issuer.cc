#include "trusted_issuer.h"

#include <utility>

#include "identity/jwks_file.h"
#include "identity/oidc_discovery.h"

namespace mayfly {
namespace {

using config::TokenKeys;

std::unique_ptr<identity::JwksSource> SourceOf(const config::OidcIssuerConfig& issuer,
                                               const HttpsLimits& https) {
  if (issuer.keys == TokenKeys::kFile) {
    return std::make_unique<identity::JwksFile>(issuer.jwks_file);
  }
  auto client = std::make_unique<CurlClient>(issuer.ca_file, https);
  if (issuer.keys == TokenKeys::kUrl) {
    return std::make_unique<identity::JwksUrl>(issuer.jwks_url, std::move(client));
  }
  return std::make_unique<identity::OidcDiscovery>(issuer.rules.issuer, std::move(client));
}

}  // namespace

identity::TrustedIssuer Trust(const config::OidcIssuerConfig& issuer, const Clock& clock,
                              identity::IssuerKeys::Observer observer, FetchLimits fetching) {
  identity::RefreshLimits limits =
      issuer.keys == TokenKeys::kFile ? identity::kFileRefreshLimits : identity::RefreshLimits{};
  if (fetching.interval_min) limits.interval_min = *fetching.interval_min;
  return {issuer.rules, std::make_unique<identity::IssuerKeys>(SourceOf(issuer, fetching.https),
                                                               clock, limits, std::move(observer))};
}

}  // namespace mayfly
