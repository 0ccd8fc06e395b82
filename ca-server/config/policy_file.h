// The policy file: TOML -> policy::Policy. docs/POLICY.md is its reference.
//
//   operators = ["spiffe://mayfly.internal/operator"]      # may read and revoke anything
//   [profile.server]
//   lifetime = "7d"            # where the request names none
//   lifetime_max = "30d"
//   backdate = "1m"            # default "1m"
//   key_usage = ["digital-signature"]
//   extended_key_usage = ["server-auth"]      # or dotted OIDs; never any, OCSP signing
//   names = ["dns", "ip"]                      # kinds allowed: dns, ip, uri, email
//   keys = ["ec-p256", "ec-p384", "ed25519", "rsa"]        # default: all four
//   revocation = "ocsp"                        # or "none" (RFC 9608 noRevAvail)
//   [[rule]]
//   name = "operators"
//   principals = ["spiffe://mayfly.internal/operator", "local:*"]
//   profiles = ["server", "client"]
//   dns = ["*.internal"]   ip = ["10.0.0.0/8"]   uri = [..]   email = [..]
#pragma once

#include <string>
#include <string_view>

#include "policy/policy.h"

namespace mayfly::config {

constexpr Seconds kBackdateDefault{60};
constexpr Seconds kBackdateMax{24 * 3600};

// Errors: kConfiguration, all at once with lines: unknown profile in a rule, keyCertSign or cRLSign
// or OCSPSigning asked for, lifetime over its maximum, bad patterns ("policy.pattern") ...
Result<policy::Policy> ParsePolicy(std::string_view text, std::string source_name);

}  // namespace mayfly::config
