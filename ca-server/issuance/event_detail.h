// Details of events: small JSON objects, every text in them escaped and cut.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace mayfly::issuance {

// {"profile":"server","code":"policy-denied","rules":["policy.name"]}
std::string DenialDetail(std::string_view profile, const Error& error);

}  // namespace mayfly::issuance
