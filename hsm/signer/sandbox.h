// What a PKCS#11 module, which is somebody else's code in a process that knows the PIN, may not do.
#pragma once

#include "base/result.h"

namespace mayfly::hsm {

// This process and its children make no sockets but Unix ones from now on: EACCES. Needs
// PR_SET_NO_NEW_PRIVS (HardenProcess). Error: kInternal "signer.sandbox".
Status ForbidNetwork();

}  // namespace mayfly::hsm
