// A file that somebody else replaces now and then.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/file_version.h"
#include "base/result.h"

namespace mayfly::identity {

class WatchedFile {
 public:
  // At most one octet more than `bytes_max` is read, so that who parses it sees that it is too
  // large. `rule` is its errors'.
  WatchedFile(std::filesystem::path path, size_t bytes_max, std::string rule)
      : path_(std::move(path)), bytes_max_(bytes_max), rule_(std::move(rule)) {}

  // What it holds, where that is not what was accepted last; nothing: it is. Error:
  // kStoreUnavailable (it cannot be read, or is no regular file).
  Result<std::optional<std::string>> ReadIfChanged();
  void Accept() { accepted_ = read_; }  // what was read last

 private:
  Error Unreadable() const;
  Result<std::string> ReadAll(int descriptor) const;

  std::filesystem::path path_;
  size_t bytes_max_;
  std::string rule_;
  std::optional<FileVersion> read_, accepted_;
};

}  // namespace mayfly::identity
