// An AuditLog in memory: entries are put into the open tick; faults come in pairs, as those of
// memory_ledger.h.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "ports/audit_log.h"
#include "tests/fakes/memory_ledger.h"

namespace mayfly::fakes {

// The database's half: replicas have one each (MemoryAuditLog) on the same.
struct MemoryTicks {
  std::mutex mutex;
  uint64_t open = 1;
  std::vector<tlog::LogEntry> entries;  // in the log's order
  std::map<uint64_t, LogPosition> positions;
};

class MemoryAuditLog final : public AuditLog {
 public:
  explicit MemoryAuditLog(MemoryTicks& ticks) : ticks_(ticks) {}

  // Into the open tick, after what is there.
  void Write(decltype(tlog::LogEntry::body) body) {
    std::lock_guard lock(ticks_.mutex);
    ticks_.entries.push_back({ticks_.open, std::move(body)});
  }
  void WriteEvent(const std::string& kind) {
    Write(tlog::AdminEvent{ticks_.entries.size() + 1, kind, "local:0", "{}", TimePoint{}});
  }
  bool is_away = false;  // every call is kStoreUnavailable
  // Of the next Commit.
  void FailNextCommit(CommitFault fault) { fault_ = fault; }

  Result<uint64_t> CloseTick() override {
    if (is_away) return Away();
    std::lock_guard lock(ticks_.mutex);
    return ticks_.open++;
  }
  Status ReadEntries(TickRange ticks, const Take& take) override {
    if (is_away) return Away();
    std::vector<tlog::LogEntry> entries;
    {
      std::lock_guard lock(ticks_.mutex);
      for (const tlog::LogEntry& entry : ticks_.entries) {
        if (entry.tick > ticks.after && entry.tick <= ticks.through) entries.push_back(entry);
      }
    }
    for (size_t at = 0; at < entries.size(); at += kEntriesAtOnceMax) {
      const auto from = entries.begin() + static_cast<ptrdiff_t>(at);
      const size_t count = std::min(kEntriesAtOnceMax, entries.size() - at);
      TRY(take({from, from + static_cast<ptrdiff_t>(count)}));
    }
    return Ok();
  }
  Result<LogPosition> Newest() override {
    if (is_away) return Away();
    std::lock_guard lock(ticks_.mutex);
    if (ticks_.positions.empty()) return LogPosition{{0, tlog::EmptyRoot()}, 0};
    return ticks_.positions.rbegin()->second;
  }
  Result<std::optional<LogPosition>> At(uint64_t size) override {
    if (is_away) return Away();
    std::lock_guard lock(ticks_.mutex);
    const auto found = ticks_.positions.find(size);
    return found == ticks_.positions.end() ? std::nullopt : std::optional(found->second);
  }
  Status Commit(const LogPosition& position) override {
    if (is_away) return Away();
    const auto fault = std::exchange(fault_, std::nullopt);
    if (fault == CommitFault::kDidNotPersist) return Away();
    std::lock_guard lock(ticks_.mutex);
    const auto standing = ticks_.positions.emplace(position.tree.size, position).first;
    if (fault) return Fail(ErrorCode::kCommitInDoubt, "ledger.in-doubt", "the answer was lost");
    if (standing->second.tree == position.tree) return Ok();
    return Fail(ErrorCode::kInternal, "audit.split-view", "another tree was committed");
  }

 private:
  static Error Away() { return Fail(ErrorCode::kStoreUnavailable, "ledger.unavailable", "away"); }
  MemoryTicks& ticks_;
  std::optional<CommitFault> fault_;
};

}  // namespace mayfly::fakes
