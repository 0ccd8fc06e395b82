#include "identity/watched_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file_descriptor.h"

namespace mayfly::identity {

Error WatchedFile::Unreadable() const {
  return Fail(ErrorCode::kStoreUnavailable, rule_, "cannot read " + Escape(path_.string()));
}

Result<std::string> WatchedFile::ReadAll(int descriptor) const {
  std::string text(bytes_max_ + 1, '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(descriptor, text.data() + filled, text.size() - filled);
    if (got < 0) return Unreadable();
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  text.resize(filled);
  return text;
}

Result<std::optional<std::string>> WatchedFile::ReadIfChanged() {
  const FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!file.open() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Unreadable();
  }
  const FileVersion version = FileVersion::Of(status);
  if (accepted_ == version) return std::optional<std::string>();
  TRY_ASSIGN(std::string text, ReadAll(file.get()));
  read_ = version;
  return std::optional(std::move(text));
}

}  // namespace mayfly::identity
