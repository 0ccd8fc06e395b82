// Keys in a file, for issuers that cannot be asked: reread when it has changed.
#pragma once

#include <sys/stat.h>

#include <filesystem>

#include "identity/jwks_source.h"

namespace mayfly::identity {

class JwksFile final : public JwksSource {
 public:
  explicit JwksFile(std::filesystem::path path) : path_(std::move(path)) {}
  // Errors: kStoreUnavailable "jwks.file", and those of JwkSet.
  Result<FetchedKeys> Fetch(const std::atomic<bool>& cancelled) override;

 private:
  struct Version {
    dev_t device;
    ino_t inode;
    off_t size;
    int64_t changed_ns;
    friend bool operator==(const Version&, const Version&) = default;
  };
  std::filesystem::path path_;
  std::optional<Version> version_;  // of what keys_ was read from
  std::shared_ptr<const JwkSet> keys_;
};

}  // namespace mayfly::identity
