// Which PIN values were tried at a token, and how that ended.
//
// A token that has been given a few wrong PINs locks for good, and no restart, no supervisor and
// no impatient operator's loop may bring that about. So a PIN value is noted on disk as *trying*
// before it is sent, and as *accepted* or *refused* after. One that is refused, or was left at
// trying (the token may have counted it), is not sent again until an operator clears the note.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/secret.h"

namespace mayfly::hsm {

constexpr size_t kTriedPinsMax = 8;  // different values, until an operator clears them

enum class PinState { kTrying, kAccepted, kRefused };

class PinMarker {
 public:
  // Locks the token's note against other processes (waits up to `patience`) and reads it.
  // Errors: kSignerUnavailable "signer.pin-state" (cannot be read, locked or understood: nothing
  // is sent then).
  static Result<PinMarker> Open(const std::filesystem::path& state_directory,
                                std::string_view token_name, Milliseconds patience);

  // Ok when this value may be sent, and it is noted as *trying*, durably, when this returns.
  // "signer.pin-refused" when it may not, "signer.pin-state" when it cannot be noted.
  Status Begin(const SecretBytes& pin, RandomSource& random);
  // Whether the token had accepted the value that Begin noted, the last time that it was sent.
  bool accepted_before() const { return accepted_before_; }
  // What the token said to the value that Begin noted. Durable on return.
  Status Finish(PinState state);
  // The value never reached the token: as if Begin had not been called.
  Status TakeBack();
  // Forgets all values at all tokens of the folder, notes that cannot be read among them. How
  // many notes there were.
  static Result<size_t> ClearAll(const std::filesystem::path& state_directory,
                                 Milliseconds patience);

  static std::filesystem::path FileFor(const std::filesystem::path& state_directory,
                                       std::string_view token_name);

 private:
  struct Entry {
    PinState state;
    Bytes salt;
    Bytes hash;
  };
  PinMarker(std::filesystem::path file, FileDescriptor lock)
      : file_(std::move(file)), lock_(std::move(lock)) {}
  Status Read();
  Status Write() const;
  std::vector<Entry>::iterator Find(const SecretBytes& pin);

  std::filesystem::path file_;
  FileDescriptor lock_;
  std::vector<Entry> entries_;
  std::vector<Entry> before_;
  size_t current_ = 0;
  bool accepted_before_ = false;
};

// Keeps other processes of this program out until it is closed: "login" while a module is loaded
// and logged in to, "ceremony" while a key is made. Errors: "signer.pin-state".
Result<FileDescriptor> LockStateFor(const std::filesystem::path& state_directory,
                                    std::string_view what, Milliseconds patience);

// The first line of the file. Errors: kConfiguration "signer.pin-file" (missing, empty, longer
// than a PIN may be, readable by group or others).
Result<SecretBytes> ReadPinFile(const std::filesystem::path& file);

}  // namespace mayfly::hsm
