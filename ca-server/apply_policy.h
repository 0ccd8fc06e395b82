// The configured policy file on its way into force: mayfly-ca apply-policy, and SIGHUP.
#pragma once

#include <string>

#include "wiring.h"

namespace mayfly {

// A text that is a policy. Errors: kConfiguration "policy.file" (cannot be read), and
// config::ParsePolicy's.
Result<std::string> ReadPolicyFile(const config::Config& config);

// Gives the version in force; the text in force again changes nothing, and neither does a bad one.
Result<uint64_t> ApplyPolicyFile(Wiring& wiring);

}  // namespace mayfly
