#include "base/sync_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file_descriptor.h"

namespace mayfly {

bool SyncFolder(const std::filesystem::path& folder) {
  const FileDescriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.open() && fsync(fd.get()) == 0;
}

}  // namespace mayfly
