// PgCanaryRecords: the records of canaries, on PostgreSQL. Thread and session are its own.
#pragma once

#include "ports/canary_records.h"
#include "store/certificate_index.h"

namespace mayfly::store {

class PgCanaryRecords final : public CanaryRecords {
 public:
  explicit PgCanaryRecords(const IndexOptions& options);

  Task<Result<RecordedCanary>> Record(CanaryEntry entry, BootTime deadline) override;

 private:
  SessionWorkers workers_;
};

}  // namespace mayfly::store
