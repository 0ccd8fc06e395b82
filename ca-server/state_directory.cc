#include "state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace mayfly {
namespace {

Error CannotUse(const std::filesystem::path& path, const char* what) {
  return Fail(ErrorCode::kConfiguration, "state-directory",
              std::string("cannot ") + what + " " + path.string() + ": " +
                  std::generic_category().message(errno));
}

}  // namespace

Result<FileDescriptor> HoldStateDirectory(const std::filesystem::path& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return CannotUse(directory, "make");
  const std::filesystem::path file = directory / "serve.lock";
  FileDescriptor lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.open()) return CannotUse(file, "open");
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return CannotUse(file, "lock");
  return Fail(ErrorCode::kConfiguration, "state-directory.in-use",
              "another mayfly-ca serves with the state directory " + directory.string() +
                  ": stop it, or give each server a state_directory of its own");
}

}  // namespace mayfly
