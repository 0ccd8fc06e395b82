// The two files that a renewal replaces, a certificate and its key. Runs take turns at them; what a
// run left that was killed between the two, the next one completes.
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/secret.h"

namespace mayfly::client {

class RenewalFiles {
 public:
  // Waits at most `patience` for its turn, which lasts until this object goes. Links are followed.
  // Errors: those of ReadCertificates and CheckPlaces; kInvalidArgument "renewal.pem" (DER),
  // "renewal.key" (there is none); kConflict "file.locked" (another run did not end in time).
  static Result<RenewalFiles> Open(const std::filesystem::path& certificate,
                                   const std::filesystem::path& key, Milliseconds patience);

  // Where they really lie.
  const std::filesystem::path& certificate() const { return certificate_; }
  const std::filesystem::path& key() const { return key_; }
  // A run before this one was killed between the two files, and its certificate is in place now.
  bool was_completed() const { return was_completed_; }

  // Both or neither; with the owner, group and mode of those that were there.
  Status Replace(std::string_view chain_pem, const SecretBytes& key_pem) const;

 private:
  RenewalFiles(std::filesystem::path certificate, std::filesystem::path key, FileDescriptor lock)
      : certificate_(std::move(certificate)), key_(std::move(key)), lock_(std::move(lock)) {}
  Status CompleteInterrupted();

  std::filesystem::path certificate_, key_;
  FileDescriptor lock_;  // of the certificate's file, locked (flock(2))
  bool was_completed_ = false;
};

}  // namespace mayfly::client
