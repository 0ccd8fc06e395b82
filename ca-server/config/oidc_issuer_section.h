// [[oidc_issuer]] of the configuration.
#pragma once

#include <filesystem>
#include <vector>

#include "config/config.h"
#include "config/strict_toml.h"

namespace mayfly::config {

// What is wrong is complained of in the sections. `folder` is where relative paths begin.
std::vector<OidcIssuerConfig> ReadOidcIssuers(Section& root, const std::filesystem::path& folder);

}  // namespace mayfly::config
