// Port: the audit log as it is published, for auditors who are elsewhere. Implemented by
// audit/published_log.h.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly {

class PublishedLog {
 public:
  virtual ~PublishedLog() = default;

  // A file by its name: "checkpoint", "verifier-key", "witnessed", or a tile or entry bundle
  // ("tile/0/000").
  // Errors: kInvalidArgument "tlog.path" (no such name), kNotFound "tlog.file" (not there, or not
  // any more: where a full tile is, its partial ones go), kStoreUnavailable "audit.storage",
  // kDeadlineExceeded "audit.storage".
  virtual Task<Result<Bytes>> Read(std::string name, BootTime deadline) = 0;
};

}  // namespace mayfly
