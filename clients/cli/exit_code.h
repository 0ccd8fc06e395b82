// What scripts may rely on; listed in `mayfly --help`. `needs-renewal` has codes of its own, which
// people's units know from other tools: 0 renew now, 1 not yet, 2 no such file, 255 anything else.
#pragma once

#include "base/error.h"

namespace mayfly::cli {

enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kDenied = 3,  // by policy, or not authenticated
  kNotFound = 4,
  kUnavailable = 5,  // try again
  kOther = 255,      // needs-renewal only
};

ExitCode ExitCodeOf(const Error& error);

}  // namespace mayfly::cli
