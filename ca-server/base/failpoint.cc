#include "base/failpoint.h"

#ifdef MAYFLY_FAILPOINTS

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace mayfly {

bool HitFailpoint(std::string_view name) {
  static const char* const directory = std::getenv("MAYFLY_FAILPOINT_DIR");
  if (!directory) return false;
  const std::string path = std::string(directory) + "/" + std::string(name);
  std::ifstream file(path);
  std::string action;
  if (!(file >> action)) return false;
  if (action == "kill") raise(SIGKILL);
  if (action == "kill-other") {
    pid_t other = 0;
    file >> other;
    unlink(path.c_str());
    if (other > 1) kill(other, SIGKILL);
    return false;
  }
  if (action == "pause") {
    while (access(path.c_str(), F_OK) == 0) usleep(5000);
    return false;
  }
  if (action == "error") return unlink(path.c_str()) == 0;
  return action == "error-always";
}

}  // namespace mayfly

#endif
