#include "hsm/signer/pin_marker.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/sync_folder.h"
#include "hsm/client/signing_rules.h"

namespace mayfly::hsm {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;
// A PIN has few bits, so this slows a thief of the note down and no more; its mode is what guards.
constexpr int kPbkdf2Iterations = 100'000;
constexpr size_t kPinBytesMax = 255;
constexpr size_t kNoteBytesMax = 4096;
constexpr std::string_view kHeader = "mayfly-pin-state 1";
constexpr std::array<std::string_view, 3> kStateNames = {"trying", "accepted", "refused"};
constexpr Milliseconds kLockPoll{20};

Error StateError(const std::filesystem::path& file, const std::string& what) {
  return SignerFailure("signer.pin-state", "the note of tried PINs cannot be used: " + what,
                       file.native());
}
Error SystemError(const std::filesystem::path& file, const std::string& what) {
  return StateError(file, what + ": " + std::strerror(errno));
}

Bytes HashPin(const SecretBytes& pin, ByteSpan salt) {
  Bytes hash(kHashBytes);
  std::string_view text = AsText(pin.Reveal());
  PKCS5_PBKDF2_HMAC(text.data(), static_cast<int>(text.size()), salt.data(),
                    static_cast<int>(salt.size()), kPbkdf2Iterations, EVP_sha256(),
                    static_cast<int>(hash.size()), hash.data());
  return hash;
}

std::optional<PinState> StateNamed(std::string_view name) {
  auto found = std::find(kStateNames.begin(), kStateNames.end(), name);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<PinState>(found - kStateNames.begin());
}

// A token's label may hold anything; a file's name may not.
std::string FileNameOf(std::string_view token_name) {
  std::string out;
  for (char c : token_name) {
    bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    out += plain ? std::string(1, c) : "=" + ToHex(AsBytes(std::string_view(&c, 1)));
  }
  return "pin-" + out;
}

Status SyncedWrite(const std::filesystem::path& file, std::string_view content) {
  FileDescriptor fd(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.open()) return SystemError(file, "open");
  if (write(fd.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
      fsync(fd.get()) != 0) {
    return SystemError(file, "write");
  }
  return Ok();
}

Status SyncFolderOf(const std::filesystem::path& file) {
  if (SyncFolder(file.parent_path())) return Ok();
  return SystemError(file, "sync its folder");
}

Result<FileDescriptor> LockFile(const std::filesystem::path& file, Milliseconds patience) {
  FileDescriptor fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.open()) return SystemError(file, "open");
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (patience <= Milliseconds(0))
      return StateError(file, "another process of this program holds it");
    std::this_thread::sleep_for(kLockPoll);
    patience -= kLockPoll;
  }
  return fd;
}

void MakeStateDirectory(const std::filesystem::path& directory) {
  std::error_code error;  // what is wrong shows when a file is opened in it
  if (std::filesystem::create_directories(directory, error)) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  }
}

Error PinRefused(const std::filesystem::path& file, std::string_view why) {
  return SignerFailure("signer.pin-refused",
                       std::string(why) +
                           "; correct the PIN file, or once the PIN is known to be right and the "
                           "token not locked, run: mayfly-signer clear-pin --config FILE",
                       file.native());
}

}  // namespace

Result<FileDescriptor> LockStateFor(const std::filesystem::path& state_directory,
                                    std::string_view what, Milliseconds patience) {
  MakeStateDirectory(state_directory);
  return LockFile(state_directory / (std::string(what) + ".lock"), patience);
}

std::filesystem::path PinMarker::FileFor(const std::filesystem::path& state_directory,
                                         std::string_view token_name) {
  return state_directory / (FileNameOf(token_name) + ".state");
}

Result<PinMarker> PinMarker::Open(const std::filesystem::path& state_directory,
                                  std::string_view token_name, Milliseconds patience) {
  MakeStateDirectory(state_directory);
  std::filesystem::path file = FileFor(state_directory, token_name);
  std::filesystem::path lock_file = file;
  TRY_ASSIGN(FileDescriptor lock, LockFile(lock_file.replace_extension(".lock"), patience));
  PinMarker marker(std::move(file), std::move(lock));
  TRY(marker.Read());
  return marker;
}

Status PinMarker::Read() {
  std::ifstream in(file_);
  if (!in && !std::filesystem::exists(file_)) return Ok();
  std::string text(kNoteBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != kHeader) return StateError(file_, "unknown format");
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name, salt_hex, hash_hex;
    words >> name >> salt_hex >> hash_hex;
    auto state = StateNamed(name);
    auto salt = FromHex(salt_hex);
    auto hash = FromHex(hash_hex);
    bool good = state && salt && hash && salt->size() == kSaltBytes && hash->size() == kHashBytes;
    if (!good) return StateError(file_, "unknown format");
    entries_.push_back({*state, *std::move(salt), *std::move(hash)});
  }
  return Ok();
}

Status PinMarker::Write() const {
  std::string text(kHeader);
  text += '\n';
  for (const Entry& entry : entries_) {
    text += std::string(kStateNames[static_cast<size_t>(entry.state)]) + ' ' + ToHex(entry.salt) +
            ' ' + ToHex(entry.hash) + '\n';
  }
  std::filesystem::path temporary = file_;
  temporary += ".new";
  TRY(SyncedWrite(temporary, text));
  if (rename(temporary.c_str(), file_.c_str()) != 0) return SystemError(file_, "rename");
  return SyncFolderOf(file_);
}

std::vector<PinMarker::Entry>::iterator PinMarker::Find(const SecretBytes& pin) {
  return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    Bytes hash = HashPin(pin, entry.salt);
    return CRYPTO_memcmp(hash.data(), entry.hash.data(), hash.size()) == 0;
  });
}

Status PinMarker::Begin(const SecretBytes& pin, RandomSource& random) {
  before_ = entries_;
  auto found = Find(pin);
  accepted_before_ = found != entries_.end() && found->state == PinState::kAccepted;
  if (found == entries_.end()) {
    if (entries_.size() >= kTriedPinsMax) {
      return PinRefused(file_, "too many different PINs have been tried");
    }
    Bytes salt(kSaltBytes);
    random.Fill(salt);
    Bytes hash = HashPin(pin, salt);
    found = entries_.insert(entries_.end(), {PinState::kTrying, std::move(salt), std::move(hash)});
  } else if (found->state == PinState::kRefused) {
    return PinRefused(file_, "the token refused this PIN before");
  } else if (found->state == PinState::kTrying) {
    return PinRefused(file_, "this PIN was sent before and nobody saw the token's answer");
  }
  found->state = PinState::kTrying;
  current_ = static_cast<size_t>(found - entries_.begin());
  return Write();
}

Status PinMarker::Finish(PinState state) {
  entries_.at(current_).state = state;
  return Write();
}

Status PinMarker::TakeBack() {
  entries_ = before_;
  return Write();
}

Result<size_t> PinMarker::ClearAll(const std::filesystem::path& state_directory,
                                   Milliseconds patience) {
  std::error_code error;
  size_t cleared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(state_directory, error)) {
    std::filesystem::path file = entry.path();
    if (file.extension() != ".state" || !file.filename().native().starts_with("pin-")) continue;
    std::filesystem::path lock_file = file;
    TRY_ASSIGN(FileDescriptor lock, LockFile(lock_file.replace_extension(".lock"), patience));
    if (unlink(file.c_str()) != 0 && errno != ENOENT) return SystemError(file, "remove");
    TRY(SyncFolderOf(file));
    ++cleared;
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return StateError(state_directory, error.message());
  }
  return cleared;
}

Result<SecretBytes> ReadPinFile(const std::filesystem::path& file) {
  auto bad = [&](const std::string& what) {
    return FailWithDetail(ErrorCode::kConfiguration, "signer.pin-file", "the PIN file " + what,
                          file.native());
  };
  FileDescriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!fd.open() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return bad("cannot be read");
  }
  if (status.st_mode & 077) return bad("must not be readable by group or others: chmod 600");
  Bytes octets(kPinBytesMax + 2);
  ssize_t size = read(fd.get(), octets.data(), octets.size());
  SecretBytes whole(std::move(octets));
  ByteSpan text = whole.Reveal().first(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  auto end =
      std::find_if(text.begin(), text.end(), [](uint8_t c) { return c == '\n' || c == '\r'; });
  SecretBytes pin(Bytes(text.begin(), end));
  if (pin.empty()) return bad("has no PIN in its first line");
  if (pin.Reveal().size() > kPinBytesMax) return bad("holds no PIN: its first line is too long");
  return pin;
}

}  // namespace mayfly::hsm
