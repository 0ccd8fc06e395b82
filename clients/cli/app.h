// From the arguments to the verb.
#pragma once

#include "clients/cli/output.h"
#include "clients/cli/settings.h"

namespace mayfly::cli {

struct AppParts {
  Surroundings surroundings;
  const Clock& clock;
  RandomSource& random;
  Console& console;
};

// Reads the arguments and runs the verb. The exit code, as exit_code.h lists them.
int Run(int argc, const char* const* argv, const AppParts& parts);

}  // namespace mayfly::cli
