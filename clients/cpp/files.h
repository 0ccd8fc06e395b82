// Files of a client: private keys that are never left half-written, never readable by others and
// never replaced by accident.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace mayfly::client {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr mode_t kPrivateMode = 0600;
constexpr mode_t kPublicMode = 0644;

enum class Existing : uint8_t { kKeep, kReplace };

// The whole file, or what was there before: written beside it, synced, then put in place.
// Errors: kConflict "file.exists" (kKeep, and something is there already), kInvalidArgument
// "file.write".
Status WriteFileAtomically(const std::filesystem::path& path, ByteSpan content, mode_t mode,
                           Existing existing);

// Errors: kInvalidArgument "file.read", "file.size".
Result<Bytes> ReadFile(const std::filesystem::path& path);
Result<SecretBytes> ReadSecretFile(const std::filesystem::path& path);

}  // namespace mayfly::client
