// Port: where the audit log is published, outside of the database: files by name. Implemented by
// audit/log_folder.h and tests/fakes/memory_log_storage.h.
//
// For one thread. Errors of all but Read's: kStoreUnavailable "audit.storage".
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace mayfly {

class LogStorage {
 public:
  virtual ~LogStorage() = default;

  // Until what is returned goes, nobody else who asks so writes there. Error: also where somebody
  // else has held it for seconds.
  virtual Result<std::shared_ptr<void>> Hold() = 0;

  // Errors: kNotFound "tlog.file" (there is none), kStoreUnavailable "audit.storage".
  virtual Result<Bytes> Read(const std::string& name) = 0;

  // Durable on return; whole, or as it was before. Replaces what was there.
  virtual Status Write(const std::string& name, ByteSpan content) = 0;

  // A folder of files that nobody needs any more. Where it fails, it stays.
  virtual void Forget(const std::string& folder) = 0;
};

}  // namespace mayfly
