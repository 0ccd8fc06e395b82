// The TLS files of a listener. They are looked at before anything serves with them: a library that
// starts with bad ones refuses every handshake without a word.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace mayfly::net {

constexpr size_t kPemFileBytesMax = 1 << 20;

// PEM. Certificate and key are read again when they change.
struct TlsFiles {
  std::filesystem::path certificate;      // leaf first, then the chain to the root
  std::filesystem::path private_key;      // PKCS#8; it may be the same file
  std::filesystem::path trusted_roots{};  // of client certificates; empty where none are asked for
};

// Errors: kConfiguration "listener.certificate", "listener.private-key" (unreadable, or not the
// certificate's), "listener.trusted-roots".
Status CheckTlsFiles(const TlsFiles& files);

}  // namespace mayfly::net
