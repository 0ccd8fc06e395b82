// The policy file: TOML -> policy::Policy. docs/POLICY.md is its reference.
#pragma once

#include <string>
#include <string_view>

#include "policy/policy.h"

namespace mayfly::config {

// Errors: kConfiguration, all at once with lines: unknown profile in a rule, keyCertSign or cRLSign
// or OCSPSigning asked for, lifetime over its maximum, bad patterns ("policy.pattern") ...
Result<policy::Policy> ParsePolicy(std::string_view text, std::string source_name);

}  // namespace mayfly::config
