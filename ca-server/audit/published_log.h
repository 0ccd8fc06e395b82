// Reads the log's storage on a thread of its own: a disk that hangs holds up nobody else.
#pragma once

#include "base/executor.h"
#include "ports/log_storage.h"
#include "ports/published_log.h"

namespace mayfly::audit {

class StoredLog final : public PublishedLog {
 public:
  struct Parts {
    LogStorage& storage;  // this object's alone
    Timer& timer;
    Executor& executor;  // where callers go on
  };
  explicit StoredLog(const Parts& parts) : parts_(parts) {}

  Task<Result<Bytes>> Read(std::string name, BootTime deadline) override;

 private:
  const Parts parts_;
  ThreadPool reader_{1};
};

}  // namespace mayfly::audit
