// A principal from its id alone, for questions about somebody who is not there to prove it:
// explanations, expected decisions, replays.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/principal.h"

namespace mayfly::policy {

// "spiffe://...", "dns:...", "ip:...", "email:..." (another URI as it is), "jwt:ISSUER:SUBJECT",
// "foreign:CA:HOLDER" or "local:UID": as Principal::id has it, its names being the one that the id
// says of a certificate of ours. What it says is not proved, so nothing may be released on it. Of a
// token's claims it says nothing. Error: kInvalidArgument "principal.id".
Result<Principal> PrincipalFromId(std::string_view id);

// What an id does not tell.
struct PrincipalDescription {
  std::string id;
  Claims claims{};             // of a token: the id is "jwt:..."
  x509::GeneralNames names{};  // of a certificate of ours, beside the one that is its id
};

// Nothing of it is proved either. Errors: as above, and kInvalidArgument "principal.claims" (no
// token's holder; a name that no policy can have; over kClaimsTextBytesMax), "principal.names" (no
// certificate's holder; over x509::kNamesMax; a holder of these names has another id).
Result<Principal> DescribedPrincipal(const PrincipalDescription& description);

}  // namespace mayfly::policy
