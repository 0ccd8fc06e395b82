// The process that holds module, PIN and session, and does one job at a time. It may hang or die
// at any moment: whoever started it keeps the deadlines.
#pragma once

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "hsm/signer/signer_config.h"

namespace mayfly::hsm {

// How a worker ends when it cannot work, for whoever reads the log.
constexpr int kExitPinBlocked = 10;
constexpr int kExitTokenAbsent = 11;
constexpr int kExitTokenFailed = 12;

// Logs in, then answers what comes over the socket until its other end is closed.
int RunWorker(const SignerProcessConfig& config, FileDescriptor socket, RandomSource& random);

}  // namespace mayfly::hsm
