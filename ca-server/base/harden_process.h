// For every process that holds a secret, from its first instruction on.
#pragma once

namespace mayfly {

// No core dumps, no debugger by another process of the user, no new privileges.
void HardenProcess();

}  // namespace mayfly
