// The policy file: TOML -> policy::Policy. docs/POLICY.md is its reference.
#pragma once

#include <string>
#include <string_view>

#include "policy/policy.h"
#include "policy/policy_text.h"

namespace mayfly::config {

// Errors: kConfiguration, all at once with lines: unknown profile in a rule, keyCertSign or cRLSign
// or OCSPSigning asked for, lifetime over its maximum, bad patterns ("policy.pattern"); of a
// proposed one also that it names no admin ("policy.admins") ...
Result<policy::Policy> ParsePolicy(std::string_view text, std::string source_name,
                                   policy::PolicyText is = policy::PolicyText::kProposed);

}  // namespace mayfly::config
