// Files of a client: private keys that are never left half-written, never readable by others and
// never replaced by accident.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace mayfly::client {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr mode_t kPrivateMode = 0600;
constexpr mode_t kPublicMode = 0644;

// kReplaceAlike: with the owner, group and mode of what was there, as far as that may be set; a
// private file never becomes readable by all.
enum class Existing : uint8_t { kKeep, kReplace, kReplaceAlike };

// The whole file, or what was there before: written beside it, synced, then put in place.
// Errors: kConflict "file.exists" (kKeep, and something is there already), kInvalidArgument
// "file.write".
Status WriteFileAtomically(const std::filesystem::path& path, ByteSpan content, mode_t mode,
                           Existing existing);

// Files that belong together, a key and its certificate: all are on the disk under other names
// before the first takes its place, so that what can fail fails while nothing has changed; where
// one cannot take its place after all, the others have what they had before.
struct NewFile {
  std::filesystem::path path;
  ByteSpan content;
  mode_t mode;
};
// Errors: as CheckPlaces', and those of WriteFileAtomically.
Status WriteFilesTogether(const std::vector<NewFile>& files, Existing existing);
// Could they be written there? It is tried, beside each. Errors: kConflict "file.exists";
// kInvalidArgument "file.write" (a folder, or in one that cannot be written), "file.same" (two have
// one place).
Status CheckPlaces(const std::vector<std::filesystem::path>& paths, Existing existing);

// What processes left beside it that were killed while they wrote it.
std::vector<std::filesystem::path> LeftBeside(const std::filesystem::path& path);

// Errors: kInvalidArgument "file.read", "file.size".
Result<Bytes> ReadFile(const std::filesystem::path& path);
Result<SecretBytes> ReadSecretFile(const std::filesystem::path& path);

}  // namespace mayfly::client
