// Keys in a file, for issuers that cannot be asked: reread when it has changed.
#pragma once

#include <filesystem>

#include "identity/jwks_source.h"
#include "identity/watched_file.h"

namespace mayfly::identity {

class JwksFile final : public JwksSource {
 public:
  explicit JwksFile(std::filesystem::path path)
      : file_(std::move(path), kJwksBytesMax, "jwks.file") {}
  // Errors: kStoreUnavailable "jwks.file", and those of JwkSet.
  Result<FetchedKeys> Fetch(const std::atomic<bool>& cancelled) override;

 private:
  WatchedFile file_;
  std::shared_ptr<const JwkSet> keys_;
};

}  // namespace mayfly::identity
