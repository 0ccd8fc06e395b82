// Port: what the audit log is made of, and where it stands. Implemented by store/audit_log.h
// (PostgreSQL) and tests/fakes/memory_audit_log.h; tests/contract/audit_log_test.cc is the suite
// for both.
//
// For one thread: calls block, for seconds at most. Errors of all: kStoreUnavailable,
// kCommitInDoubt (call again).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "tlog/log_entry.h"
#include "tlog/merkle.h"

namespace mayfly {

// Where the log of one origin stands.
struct LogPosition {
  tlog::TreeHead tree;
  uint64_t tick = 0;  // the last one whose entries are in the tree
  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

// Ticks after `after`, up to and including `through`.
struct TickRange {
  uint64_t after;
  uint64_t through;
};

constexpr size_t kEntriesAtOnceMax = 256;

class AuditLog {
 public:
  using Take = std::function<Status(const std::vector<tlog::LogEntry>&)>;

  virtual ~AuditLog() = default;

  // Closes the open tick and gives its number. On return all that was committed before the call
  // bears this tick or an older one, is durable, and nothing will ever be added to these.
  virtual Result<uint64_t> CloseTick() = 0;

  // The entries of closed ticks in the log's order (docs/AUDIT.md), at most kEntriesAtOnceMax at
  // once. The first error of `take` ends it.
  virtual Status ReadEntries(TickRange ticks, const Take& take) = 0;

  // The largest position committed; of size 0 where there is none.
  virtual Result<LogPosition> Newest() = 0;
  virtual Result<std::optional<LogPosition>> At(uint64_t size) = 0;

  // Durable on return: of this size nothing but this tree may be signed. Again is as once. Error:
  // kInternal "audit.split-view" (another root was committed for this size).
  virtual Status Commit(const LogPosition& position) = 0;
};

}  // namespace mayfly
