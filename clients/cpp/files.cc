#include "clients/cpp/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace mayfly::client {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Removes the temporary name, whatever became of it.
struct Unlink {
  std::string path;
  ~Unlink() { unlink(path.c_str()); }
};

Error CannotWrite(const std::filesystem::path& path) {
  return Fail(ErrorCode::kInvalidArgument, "file.write",
              "cannot write " + path.string() + ": " + std::strerror(errno));
}

Error AlreadyThere(const std::filesystem::path& path) {
  return Fail(ErrorCode::kConflict, "file.exists", path.string() + " exists and is not replaced");
}

bool WriteAll(int fd, ByteSpan content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content = content.subspan(static_cast<size_t>(written));
  }
  return true;
}

bool SyncFolder(const std::filesystem::path& folder) {
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && fsync(fd.get()) == 0;
}

}  // namespace

Status WriteFileAtomically(const std::filesystem::path& path, ByteSpan content, mode_t mode,
                           Existing existing) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
  const Descriptor fd(mkostemp(temporary.data(), O_CLOEXEC));  // made with mode 0600
  if (!fd) return CannotWrite(path);
  const Unlink unlink_temporary{temporary};
  if (!WriteAll(fd.get(), content) || fchmod(fd.get(), mode) != 0 || fsync(fd.get()) != 0) {
    return CannotWrite(path);
  }
  // link(2) fails where the name exists, rename(2) replaces it: each is one step.
  const int placed = existing == Existing::kKeep ? link(temporary.c_str(), path.c_str())
                                                 : rename(temporary.c_str(), path.c_str());
  if (placed != 0) return errno == EEXIST ? AlreadyThere(path) : CannotWrite(path);
  if (!SyncFolder(folder)) return CannotWrite(path);
  return Ok();
}

Result<Bytes> ReadFile(const std::filesystem::path& path) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  Bytes content(kFileBytesMax + 1);
  size_t size = 0;
  ssize_t got = fd ? 1 : -1;
  while (got > 0 && size < content.size()) {
    got = read(fd.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR)
      got = 1;
    else if (got > 0)
      size += static_cast<size_t>(got);
  }
  if (got < 0) {
    return Fail(ErrorCode::kInvalidArgument, "file.read",
                "cannot read " + path.string() + ": " + std::strerror(errno));
  }
  if (size > kFileBytesMax) {
    return Fail(ErrorCode::kInvalidArgument, "file.size", path.string() + " is larger than 1 MiB");
  }
  content.resize(size);
  return content;
}

Result<SecretBytes> ReadSecretFile(const std::filesystem::path& path) {
  TRY_ASSIGN(Bytes content, ReadFile(path));
  return SecretBytes(std::move(content));
}

}  // namespace mayfly::client
