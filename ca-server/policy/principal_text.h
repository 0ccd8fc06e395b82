// A principal from its id alone, for questions about somebody who is not there to prove it:
// explanations, expected decisions, replays.
#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/principal.h"

namespace mayfly::policy {

// "spiffe://...", "dns:...", "ip:...", "email:..." (another URI as it is), "jwt:ISSUER:SUBJECT",
// "foreign:CA:HOLDER" or "local:UID": as Principal::id has it, its names being the one that the id
// says of a certificate of ours. What it says is not proved, so nothing may be released on it. Of a
// token's claims it says nothing. Error: kInvalidArgument "principal.id".
Result<Principal> PrincipalFromId(std::string_view id);

}  // namespace mayfly::policy
