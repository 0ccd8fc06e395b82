#include "base/harden_process.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace mayfly {

void HardenProcess() {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

}  // namespace mayfly
