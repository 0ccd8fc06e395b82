// From an [[oidc_issuer]] to an issuer whose tokens are verified. Nobody is asked yet: keys are
// fetched by a thread of their own, from now on.
#pragma once

#include <optional>

#include "config/config.h"
#include "https_client/https_client.h"
#include "identity/jwt_verifier.h"

namespace mayfly {

struct FetchLimits {
  HttpsLimits https = {};
  std::optional<Milliseconds> interval_min = std::nullopt;  // between two fetches; else the usual
};

// `observer` is told of every fetch.
identity::TrustedIssuer Trust(const config::OidcIssuerConfig& issuer, const Clock& clock,
                              identity::IssuerKeys::Observer observer, FetchLimits fetching = {});

}  // namespace mayfly
