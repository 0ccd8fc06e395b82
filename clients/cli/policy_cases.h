// A file of expected decisions: what a policy must say to whom, so that a change of it is tested
// before anybody depends on it.
//
//   [[case]]
//   name = "web gets its own name"
//   principal = "spiffe://mayfly.internal/ns/prod/sa/web"
//   profile = "server"
//   names = ["web.internal", "IP:10.0.0.7"]    # as `mayfly issue` takes them; may be left out
//   claims = { namespace = "prod" }            # of a token (jwt:...)
//   principal_names = ["web.internal"]         # of the certificate, beside the one that is the id
//   controlled = ["web.internal"]              # what the requester proved to control
//   lifetime = "24h"                           # asked for; else the profile's
//   key = "ec-p256"                            # ec-p256, ec-p384, ec-p521, ed25519, rsa
//   expect = "allow"                           # or "deny"
//   rule = "web"               # allow: the rule that grants; deny, required: "policy.name", ...
//   granted_lifetime = "24h"   # allow only
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/authorizer.h"

namespace mayfly::cli {

constexpr size_t kPolicyCasesMax = 10'000;

enum class Verdict : uint8_t { kAllow, kDeny };
std::string VerdictText(Verdict verdict);

struct PolicyCase {
  std::string name;
  policy::Principal principal;
  policy::IssuanceWish wish;
  policy::Evidence evidence;
  std::optional<x509::KeyType> key;
  Verdict expect = Verdict::kAllow;
  std::string rule;                         // empty: any
  std::optional<Seconds> granted_lifetime;  // nothing: any
};

// Errors: kConfiguration, all at once with lines: "config.*", "principal.*", "name.*",
// "cases.name", "cases.rule", "cases.lifetime", "cases.count".
Result<std::vector<PolicyCase>> ParsePolicyCases(std::string_view text, std::string source_name);

struct CaseResult {
  Verdict verdict;
  std::string rule;                 // the rule that granted; or the first that refused
  std::optional<Seconds> lifetime;  // granted
  std::vector<Violation> findings;  // of a denial
  std::vector<std::string> wrong;   // what is not as expected; none: the case holds
};
// The server's own decision, but for what only the server knows: blocks and its issuers.
CaseResult Decide(const policy::Policy& policy, const PolicyCase& expected);

}  // namespace mayfly::cli
