// Port: the records of canaries. What a key of ours signs has a record before it is signed, and a
// canary is no exception. Implemented by store/canary_records.h and
// tests/fakes/memory_canary_records.h.
#pragma once

#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/task.h"

namespace mayfly {

// What a key is for, beside canaries.
enum class KeyUse : uint8_t { kIssuing = 1, kOcsp, kAudit };
std::string_view KeyUseName(KeyUse use);

struct CanaryEntry {
  Hash256 spki_hash;  // of the key that is to sign it
  KeyUse use;
  Bytes message;  // begins with kCanaryPrefix; its SHA-256 is recorded
};

// A canary with a durable record. Only a CanaryRecords can make one.
class RecordedCanary {
 public:
  RecordedCanary(RecordedCanary&&) = default;
  RecordedCanary& operator=(RecordedCanary&&) = default;
  const Bytes& message() const { return message_; }

 private:
  friend class CanaryRecords;
  explicit RecordedCanary(Bytes message) : message_(std::move(message)) {}
  Bytes message_;
};

class CanaryRecords {
 public:
  virtual ~CanaryRecords() = default;
  // Durable on return. Errors: those of the ledger.
  virtual Task<Result<RecordedCanary>> Record(CanaryEntry entry, BootTime deadline) = 0;

 protected:
  // For implementations only.
  static RecordedCanary MakeRecorded(Bytes message) { return RecordedCanary(std::move(message)); }
};

}  // namespace mayfly
