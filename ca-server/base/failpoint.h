// Failpoints: named places where a test build can kill, pause or fail the process.
//
// They exist only where MAYFLY_FAILPOINTS is defined (test builds). What happens is read from
// the environment at each hit of the point:
//   MAYFLY_FAILPOINT_DIR=DIR   a file DIR/<name> holding one of
//     kill              raise SIGKILL
//     pause             wait until the file is gone
//     error             the point reports true once; the file is removed
//     error-always      the point reports true while the file is there
//     kill-other PID    SIGKILL another process, then go on
// `if (FAILPOINT("store.commit.lost")) return ...;` compiles to nothing in a release build.
#pragma once

#include <string_view>

namespace mayfly {
#ifdef MAYFLY_FAILPOINTS
bool HitFailpoint(std::string_view name);
#define FAILPOINT(name) ::mayfly::HitFailpoint(name)
#else
constexpr bool NoFailpoint() { return false; }
#define FAILPOINT(name) ::mayfly::NoFailpoint()
#endif
}  // namespace mayfly
