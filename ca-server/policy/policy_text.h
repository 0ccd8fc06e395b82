// What the text of a policy is read for.
#pragma once

#include <cstdint>

namespace mayfly::policy {

// What has been applied stays readable, whatever is asked of new texts since: else a server that
// was updated could not even bring a better one into force.
enum class PolicyText : uint8_t { kProposed, kInForce };

}  // namespace mayfly::policy
