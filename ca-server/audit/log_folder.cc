#include "audit/log_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include "base/failpoint.h"
#include "base/file_descriptor.h"
#include "base/sync_folder.h"

namespace mayfly::audit {
namespace {

constexpr mode_t kFolderMode = 0750;
constexpr mode_t kFileMode = 0640;
constexpr size_t kFileBytesMax = size_t{32} << 20;  // a bundle of the largest entries has 16 MiB
constexpr std::chrono::milliseconds kHoldPause{10};

Error StorageFailed(const char* what, const std::filesystem::path& path) {
  Error error = FailWithDetail(ErrorCode::kStoreUnavailable, "audit.storage",
                               "the audit log cannot be kept outside of the database",
                               std::string("cannot ") + what + " " + path.string() + ": " +
                                   std::generic_category().message(errno));
  error.retry_after = std::chrono::milliseconds(1000);
  return error;
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

bool ReadAll(int fd, Bytes& content) {
  while (true) {
    uint8_t buffer[65536];
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    content.insert(content.end(), buffer, buffer + got);
    if (content.size() > kFileBytesMax) {
      errno = EFBIG;
      return false;
    }
  }
}

Status Sync(const std::filesystem::path& folder) {
  if (SyncFolder(folder)) return Ok();
  return StorageFailed("sync", folder);
}

// Those that are missing, each durable in the one above.
Status MakeFolders(const std::filesystem::path& folder) {
  if (mkdir(folder.c_str(), kFolderMode) == 0) return Sync(folder.parent_path());
  if (errno == EEXIST) return Ok();
  if (errno != ENOENT || !folder.has_relative_path()) return StorageFailed("make", folder);
  TRY(MakeFolders(folder.parent_path()));
  if (mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return StorageFailed("make", folder);
  }
  return Sync(folder.parent_path());
}

Status WriteDurably(const std::filesystem::path& path, ByteSpan content) {
  if (FAILPOINT("audit.storage.full")) {
    errno = ENOSPC;
    return StorageFailed("write", path);
  }
  const FileDescriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
  if (fd.open() && WriteAll(fd.get(), content) && fsync(fd.get()) == 0) return Ok();
  return StorageFailed("write", path);
}

}  // namespace

Result<std::shared_ptr<void>> LogFolder::Hold() {
  TRY(MakeFolders(folder_));
  const std::filesystem::path path = folder_ / ".lock";
  auto lock =
      std::make_shared<FileDescriptor>(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!lock->open()) return StorageFailed("open", path);
  for (int tries = 0; tries < kHoldSecondsMax * 100; ++tries) {
    if (flock(lock->get(), LOCK_EX | LOCK_NB) == 0) return std::shared_ptr<void>(std::move(lock));
    if (errno != EWOULDBLOCK) break;
    std::this_thread::sleep_for(kHoldPause);
  }
  return StorageFailed("hold", path);
}

Result<Bytes> LogFolder::Read(const std::string& name) {
  const std::filesystem::path path = folder_ / name;
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open() && errno == ENOENT) {
    return Fail(ErrorCode::kNotFound, "tlog.file", "the log has no " + name);
  }
  Bytes content;
  if (!fd.open() || !ReadAll(fd.get(), content)) return StorageFailed("read", path);
  return content;
}

// Only a whole file gets the name that counts.
Status LogFolder::Write(const std::string& name, ByteSpan content) {
  const std::filesystem::path path = folder_ / name;
  const std::filesystem::path beside = folder_ / (name + ".new");
  TRY(MakeFolders(path.parent_path()));
  TRY(WriteDurably(beside, content));
  if (rename(beside.c_str(), path.c_str()) != 0) return StorageFailed("write", path);
  return Sync(path.parent_path());
}

void LogFolder::Forget(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::remove_all(folder_ / folder, ignored);
}

}  // namespace mayfly::audit
