// The configured policy file on its way into force: mayfly-ca apply-policy, and SIGHUP.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/policy_file.h"
#include "wiring.h"

namespace mayfly {

// A text that is a policy, of a server with these issuers; nothing: whoever they are. Errors:
// kConfiguration "policy.file" (cannot be read), and config::ParsePolicyFor's.
Result<std::string> ReadPolicyFile(const std::filesystem::path& file,
                                   const std::optional<config::IssuerNames>& issuers);

// Gives the version in force, once a checkpoint of the audit log covers it; the text in force again
// changes nothing, and neither does a bad one. Errors: also kFailedPrecondition "approval.needed"
// (the policy in force asks for two persons); kDeadlineExceeded "audit.not-covered" (in force all
// the same).
Result<uint64_t> ApplyPolicyFile(Wiring& wiring);

}  // namespace mayfly
