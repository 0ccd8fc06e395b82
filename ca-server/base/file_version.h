// Which file a path led to, and in which state: who writes another one in its place, or into it,
// makes another version.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace mayfly {

struct FileVersion {
  static FileVersion Of(const struct stat& status) {
    return {status.st_dev, status.st_ino, status.st_size,
            status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
  }

  dev_t device;
  ino_t inode;
  off_t size;
  int64_t changed_ns;
  friend bool operator==(const FileVersion&, const FileVersion&) = default;
};

}  // namespace mayfly
