// The profile of the OCSP responder's own certificates (RFC 6960 4.2.2.2). It is built in: no
// policy file can name it and no client can ask for it.
#pragma once

#include <string_view>

#include "policy/policy.h"

namespace mayfly::policy {

constexpr std::string_view kResponderProfileName = "ocsp-responder";

Profile ResponderProfile(Seconds lifetime);

}  // namespace mayfly::policy
