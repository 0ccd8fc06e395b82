#include "quarantine_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <system_error>

#include "base/file_descriptor.h"
#include "base/sync_folder.h"
#include "clients/cpp/files.h"
#include "x509/digest.h"

namespace mayfly {
namespace {

constexpr std::string_view kHeader = "mayfly quarantine 1";
constexpr std::string_view kExtension = ".note";

Error NoteError(const std::filesystem::path& file, const std::string& what) {
  return FailWithDetail(ErrorCode::kInternal, "key.quarantine-note", "a note of quarantine " + what,
                        file.native());
}

std::string SystemText() { return std::generic_category().message(errno); }

// Notes are lines: what is in them must not make others.
std::string OneLine(std::string_view text) { return Escape(text, kQuarantineNoteBytesMax / 4); }

std::string TextOf(const QuarantineNote& note) {
  const auto since_us = note.since.time_since_epoch().count();
  return std::string(kHeader) + "\nuri " + OneLine(note.uri) + "\nkey " + ToHex(note.spki_hash) +
         "\nsince_us " + std::to_string(since_us) + "\nreason " + OneLine(note.reason) + "\n";
}

// The rest of the line that begins with `name`; takes the line away.
std::optional<std::string_view> TakeField(std::string_view& text, std::string_view name) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  return line;
}

std::optional<QuarantineNote> Parse(std::string_view text) {
  const auto header = TakeField(text, kHeader);
  const auto uri = TakeField(text, "uri ");
  const auto key = TakeField(text, "key ");
  const auto since = TakeField(text, "since_us ");
  const auto reason = TakeField(text, "reason ");
  if (!header || !header->empty() || !uri || !key || !since || !reason || !text.empty()) {
    return std::nullopt;
  }
  QuarantineNote note{std::string(*uri), {}, {}, std::string(*reason)};
  const auto hash = FromHex(*key);
  if (!hash || hash->size() != note.spki_hash.size()) return std::nullopt;
  std::copy(hash->begin(), hash->end(), note.spki_hash.begin());
  int64_t since_us = 0;
  const auto read = std::from_chars(since->data(), since->data() + since->size(), since_us);
  if (read.ec != std::errc() || read.ptr != since->data() + since->size()) return std::nullopt;
  note.since = TimePoint(std::chrono::microseconds(since_us));
  return note;
}

Status Keep(const std::filesystem::path& folder) {
  if (SyncFolder(folder)) return Ok();
  return NoteError(folder, "cannot be kept: " + SystemText());
}

Result<std::optional<QuarantineNote>> Read(const std::filesystem::path& file) {
  const FileDescriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open() && errno == ENOENT) return std::optional<QuarantineNote>();
  if (!fd.open()) return NoteError(file, "cannot be read: " + SystemText());
  std::string text(kQuarantineNoteBytesMax + 1, '\0');
  const ssize_t size = read(fd.get(), text.data(), text.size());
  if (size < 0) return NoteError(file, "cannot be read: " + SystemText());
  text.resize(static_cast<size_t>(size));
  if (text.size() > kQuarantineNoteBytesMax) return NoteError(file, "is too long");
  auto note = Parse(text);
  if (!note) return NoteError(file, "is not understood");
  return note;
}

}  // namespace

std::filesystem::path QuarantineFolder::FileFor(const std::string& uri) const {
  const Hash256 hash = x509::Sha256(AsBytes(uri));
  return folder_ / (ToHex(ByteSpan(hash).first(16)) + std::string(kExtension));
}

Status QuarantineFolder::Put(const QuarantineNote& note) {
  if (mkdir(folder_.c_str(), 0700) == 0) {
    TRY(Keep(folder_.parent_path()));
  } else if (errno != EEXIST) {
    return NoteError(folder_, "cannot be written: " + SystemText());
  }
  const auto written = client::WriteFileAtomically(FileFor(note.uri), AsBytes(TextOf(note)),
                                                   client::kPrivateMode, client::Existing::kKeep);
  if (written || written.error().code == ErrorCode::kConflict) return Ok();
  return NoteError(FileFor(note.uri), "cannot be written: " + written.error().message);
}

Result<std::optional<QuarantineNote>> QuarantineFolder::Find(const std::string& uri) {
  return Read(FileFor(uri));
}

Result<std::vector<QuarantineNote>> QuarantineFolder::List() const {
  std::vector<QuarantineNote> notes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (entry.path().extension() != kExtension || notes.size() == kQuarantineNotesMax) continue;
    TRY_ASSIGN(auto note, Read(entry.path()));
    if (note) notes.push_back(*std::move(note));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return NoteError(folder_, "cannot be read: " + error.message());
  }
  return notes;
}

Status QuarantineFolder::Clear(const std::string& uri) const {
  const std::filesystem::path file = FileFor(uri);
  if (unlink(file.c_str()) == 0) return Keep(folder_);
  if (errno != ENOENT) return NoteError(file, "cannot be removed: " + SystemText());
  return Fail(ErrorCode::kNotFound, "key.not-quarantined",
              "no key is quarantined at " + Escape(uri, 1024) +
                  "; mayfly-ca quarantine lists those that are");
}

}  // namespace mayfly
