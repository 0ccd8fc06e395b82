// Details of events: small JSON objects, every text in them escaped and cut.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lint/linted_tbs.h"

namespace mayfly::issuance {

// {"profile":"server","code":"policy-denied","rules":["policy.name"]}
std::string DenialDetail(std::string_view profile, const Error& error);

// {"profile":"server","serial":"21..","rules":["lint.spiffe-eku"]}
std::string LintDetail(std::string_view profile, const x509::SerialNumber& serial,
                       const std::vector<lint::Finding>& warnings);

}  // namespace mayfly::issuance
