// Process exit codes of mayfly-ca: the one table.
#pragma once

#include "base/error.h"

namespace mayfly {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,  // what was asked for did not happen
  kExitUsage = 2,    // command line, configuration or policy file
};
ExitCode ExitCodeOf(ErrorCode code);

}  // namespace mayfly
