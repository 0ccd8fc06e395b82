#include "exit_code.h"

namespace mayfly {

ExitCode ExitCodeOf(ErrorCode code) {
  return code == ErrorCode::kConfiguration ? kExitUsage : kExitFailure;
}

}  // namespace mayfly
