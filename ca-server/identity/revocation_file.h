// A foreign CA's revocation lists in a file: reread when it has changed.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "identity/watched_file.h"
#include "x509/revocation_lists.h"

namespace mayfly::identity {

constexpr size_t kRevocationFileBytesMax = 16 * 1024 * 1024;

class RevocationFile {
 public:
  // Told of each file that is taken up, or cannot be; of one that stays away once.
  using Observer = std::function<void(const Status&)>;
  RevocationFile(std::filesystem::path path, Observer observer)
      : file_(std::move(path), kRevocationFileBytesMax, "peer.crl"),
        observer_(std::move(observer)) {}

  // The last lists that could be read; they end by themselves at their nextUpdate. Null: there were
  // none yet. From any thread.
  std::shared_ptr<const x509::RevocationLists> Current();

 private:
  void Read();

  std::mutex mutex_;
  WatchedFile file_;
  Observer observer_;
  bool is_away_ = false;
  std::shared_ptr<const x509::RevocationLists> lists_;
};

}  // namespace mayfly::identity
