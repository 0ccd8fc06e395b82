#include "clients/cpp/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <set>
#include <string>

#include "base/file_descriptor.h"
#include "base/sync_folder.h"

namespace mayfly::client {
namespace {

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

std::filesystem::path FolderOf(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

constexpr size_t kRandomCharacters = 6;  // of mkostemp(3)

// What the temporary names of a file begin with.
std::string TemporaryStart(const std::filesystem::path& path) {
  return "." + path.filename().string() + ".";
}

std::string TemporaryPattern(const std::filesystem::path& path) {
  return (FolderOf(path) / (TemporaryStart(path) + std::string(kRandomCharacters, 'X'))).string();
}

// Like what is in its place: its owner, where that may be set (root), its group, and its mode. A
// member of the group may give a file to it; who is none gives its rights to nobody else.
bool MakeAlike(int fd, const NewFile& file) {
  constexpr mode_t kAll = 0777, kGroup = 0070, kOthers = 0007;
  struct stat old{};
  if (stat(file.path.c_str(), &old) != 0) return errno == ENOENT && fchmod(fd, file.mode) == 0;
  const bool has_group = fchown(fd, old.st_uid, old.st_gid) == 0 ||
                         fchown(fd, static_cast<uid_t>(-1), old.st_gid) == 0;
  mode_t mode = old.st_mode & kAll;
  if ((file.mode & kOthers) == 0) mode &= ~kOthers;
  if (!has_group) mode &= ~kGroup;
  return fchmod(fd, mode) == 0;
}

// Beside its place, under a temporary name that goes with this object.
class Prepared {
 public:
  explicit Prepared(const NewFile& file) : file_(file), temporary_(TemporaryPattern(file.path)) {}
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() {
    if (made_) unlink(temporary_.c_str());
  }

  Status Write(Existing existing) {
    const FileDescriptor fd(mkostemp(temporary_.data(), O_CLOEXEC));  // made with mode 0600
    if (!fd.open()) return CannotWrite(file_.path);
    made_ = true;
    const bool is_written =
        WriteAll(fd.get(), file_.content) &&
        (existing == Existing::kReplaceAlike ? MakeAlike(fd.get(), file_)
                                             : fchmod(fd.get(), file_.mode) == 0) &&
        fsync(fd.get()) == 0;
    return is_written ? Ok() : Status(CannotWrite(file_.path));
  }
  Status Place(Existing existing) {
    if (!Move(existing)) {
      return errno == EEXIST ? AlreadyThere(file_.path) : CannotWrite(file_.path);
    }
    return SyncFolder(FolderOf(file_.path)) ? Ok() : Status(CannotWrite(file_.path));
  }
  // As it was before Place, where that can be.
  void TakeBack() const {
    if (state_ == State::kNew) unlink(file_.path.c_str());
    if (state_ == State::kExchanged) Exchange();
  }

 private:
  enum class State : uint8_t { kBeside, kNew, kExchanged, kReplaced };

  // What was there has the temporary name then, until this object goes.
  bool Exchange() const {
    return renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, file_.path.c_str(), RENAME_EXCHANGE) ==
           0;
  }
  bool Rename() const { return rename(temporary_.c_str(), file_.path.c_str()) == 0; }
  // Each way is one step. link(2) fails where the name exists; not every file system can exchange.
  bool Move(Existing existing) {
    if (existing == Existing::kKeep) {
      if (link(temporary_.c_str(), file_.path.c_str()) == 0) state_ = State::kNew;
    } else if (Exchange()) {
      state_ = State::kExchanged;
    } else if (errno == ENOENT && Rename()) {
      state_ = State::kNew;
    } else if ((errno == EINVAL || errno == ENOSYS) && Rename()) {
      state_ = State::kReplaced;
    }
    return state_ != State::kBeside;
  }

  const NewFile& file_;
  std::string temporary_;
  bool made_ = false;
  State state_ = State::kBeside;
};

}  // namespace

Status CheckPlaces(const std::vector<std::filesystem::path>& paths, Existing existing) {
  std::set<std::filesystem::path> places;
  for (const std::filesystem::path& path : paths) {
    std::error_code ignored;
    const auto status = std::filesystem::symlink_status(path, ignored);
    const bool there = std::filesystem::exists(status);
    if (there && existing == Existing::kKeep) return AlreadyThere(path);
    if (std::filesystem::is_directory(path, ignored) ||
        (there && !std::filesystem::is_regular_file(path, ignored))) {
      return Fail(ErrorCode::kInvalidArgument, "file.write",
                  path.string() + " is there and is no file that could be replaced");
    }
    const std::filesystem::path folder = FolderOf(path);
    if (!std::filesystem::exists(folder, ignored)) {
      return Fail(ErrorCode::kInvalidArgument, "file.write",
                  "there is no folder " + folder.string());
    }
    // Nothing else tells of every reason: rights, a file system that is read-only or full, a name
    // that is too long.
    const NewFile trial{path, {}, kPrivateMode};
    TRY(Prepared(trial).Write(Existing::kReplace));
    const auto place =
        std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
    if (!places.insert(ignored ? path : place).second) {
      return Fail(ErrorCode::kInvalidArgument, "file.same",
                  path.string() + " is named for two files; give each a name of its own");
    }
  }
  return Ok();
}

Status WriteFilesTogether(const std::vector<NewFile>& files, Existing existing) {
  std::vector<std::filesystem::path> paths;
  for (const NewFile& file : files) paths.push_back(file.path);
  TRY(CheckPlaces(paths, existing));
  std::list<Prepared> prepared;
  for (const NewFile& file : files) TRY(prepared.emplace_back(file).Write(existing));
  for (Prepared& file : prepared) {
    auto done = file.Place(existing);
    if (done) continue;
    for (const Prepared& each : prepared) each.TakeBack();
    return done;
  }
  return Ok();
}

Status WriteFileAtomically(const std::filesystem::path& path, ByteSpan content, mode_t mode,
                           Existing existing) {
  const NewFile file{path, content, mode};
  Prepared prepared(file);
  TRY(prepared.Write(existing));
  return prepared.Place(existing);
}

std::vector<std::filesystem::path> LeftBeside(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> left;
  const std::string start = TemporaryStart(path);
  std::error_code error;
  for (std::filesystem::directory_iterator entry(FolderOf(path), error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool is_ours = name.starts_with(start) && name.size() == start.size() + kRandomCharacters;
    if (is_ours && entry->is_regular_file(error)) left.push_back(entry->path());
  }
  return left;
}

Result<Bytes> ReadFile(const std::filesystem::path& path) {
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  Bytes content(kFileBytesMax + 1);
  size_t size = 0;
  ssize_t got = fd.open() ? 1 : -1;
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
