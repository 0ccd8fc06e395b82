#include "identity/jwks_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file_descriptor.h"

namespace mayfly::identity {
namespace {

Error Unreadable(const std::filesystem::path& path) {
  return Fail(ErrorCode::kStoreUnavailable, "jwks.file", "cannot read " + Escape(path.string()));
}

Result<std::string> ReadAll(int descriptor, const std::filesystem::path& path) {
  std::string text(kJwksBytesMax + 1,
                   '\0');  // one too many is how JwkSet sees that it is too large
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(descriptor, text.data() + filled, text.size() - filled);
    if (got < 0) return Unreadable(path);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  text.resize(filled);
  return text;
}

}  // namespace

Result<FetchedKeys> JwksFile::Fetch(const std::atomic<bool>&) {
  const FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!file.open() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Unreadable(path_);
  }
  const Version version{status.st_dev, status.st_ino, status.st_size,
                        status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
  if (!keys_ || version_ != version) {
    TRY_ASSIGN(const std::string text, ReadAll(file.get(), path_));
    TRY_ASSIGN(JwkSet keys, JwkSet::Parse(text));
    keys_ = std::make_shared<const JwkSet>(std::move(keys));
    version_ = version;
  }
  return FetchedKeys{keys_, std::nullopt};
}

}  // namespace mayfly::identity
