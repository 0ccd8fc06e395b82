// What scripts may rely on; listed in `mayfly --help`.
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
};

ExitCode ExitCodeOf(const Error& error);

}  // namespace mayfly::cli
