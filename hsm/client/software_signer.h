// A signer for development: private keys in files. Nothing protects them but the file's mode, so a
// production configuration names mayfly-signer instead.
#pragma once

#include <openssl/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/executor.h"
#include "hsm/client/key_kind.h"
#include "ports/signer.h"

namespace mayfly::hsm {

constexpr size_t kKeyFileBytesMax = 16384;
constexpr size_t kKeyNameBytesMax = 64;

// Keys are named "file:NAME" and lie in DIRECTORY/NAME.pem (PKCS#8, mode 0600). NAME has letters,
// digits, '-' and '_'.
class SoftwareSigner final : public Signer {
 public:
  SoftwareSigner(std::filesystem::path directory, Executor& executor, const Clock& clock);

  // Rules as in signing_rules.h, and "signer.key-not-served" (not a "file:" name),
  // "signer.key-not-found", "signer.key-file" (unreadable, readable by others), "signer.key-type".
  Task<SignResult> Sign(SignJob job) override;
  Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string uri, BootTime deadline) override;

 private:
  struct Key;
  Result<std::shared_ptr<const Key>> Find(const std::string& uri);
  static Result<Key> Load(const std::filesystem::path& file);
  SignResult SignNow(const SignJob& job);

  const std::filesystem::path directory_;
  Executor& executor_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Key>, std::less<>> keys_;  // a file is read once
};

// Makes DIRECTORY/NAME.pem (0600, durable); never overwrites: kConflict "signer.key-exists".
// Returns its public key.
Result<x509::SubjectPublicKeyInfo> GenerateSoftwareKey(const std::filesystem::path& directory,
                                                       std::string_view name, KeyKind kind);

}  // namespace mayfly::hsm
