// The policy file: TOML -> policy::Policy. docs/POLICY.md is its reference.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "policy/policy.h"
#include "policy/policy_text.h"

namespace mayfly::config {

// Errors: kConfiguration, all at once with lines: unknown profile in a rule, keyCertSign or cRLSign
// or OCSPSigning asked for, lifetime over its maximum, bad patterns ("policy.pattern"); of a
// proposed one also that it names no admin ("policy.admins"), more than a decision should walk
// through ("policy.size") ...
Result<policy::Policy> ParsePolicy(std::string_view text, std::string source_name,
                                   policy::PolicyText is = policy::PolicyText::kProposed);

// A policy for a server that has these issuers. Error: also, of a proposed one, that a profile
// names another ("policy.issuer-unknown").
using IssuerNames = std::set<std::string, std::less<>>;
Result<policy::Policy> ParsePolicyFor(const IssuerNames& issuers, std::string_view text,
                                      std::string source_name, policy::PolicyText is);

}  // namespace mayfly::config
