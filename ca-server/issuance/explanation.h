// What would become of a request, and why: hops 3 to 8 without a record or a signature.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/authorizer.h"

namespace mayfly::issuance {

// Where a lifetime comes from. `granted` is what the certificate would have, shorter than what was
// asked for where the issuer's own certificate ends first.
struct LifetimeExplanation {
  std::optional<Seconds> requested;
  Seconds profile_default{0};
  Seconds profile_max{0};
  std::optional<Seconds> granted;  // nothing: nothing would be issued
  bool ends_with_issuer = false;
};

struct IssuanceExplanation {
  std::string principal;
  uint64_t policy_version = 0;
  std::vector<policy::RuleTrial> trials;  // every rule, in the policy's order
  x509::GeneralNames names;               // decided about, in normal form
  std::vector<Violation> findings;        // of every hop that could be looked at; none: granted
  std::vector<Violation> warnings;        // of lints that do not refuse
  std::optional<LifetimeExplanation> lifetime;  // nothing: there is no such profile
  // What would be signed, but for its serial number, which is never used; nothing: refused.
  std::optional<Bytes> tbs;
};

}  // namespace mayfly::issuance
