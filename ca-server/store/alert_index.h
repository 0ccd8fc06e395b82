// PgAlertIndex: what somebody should look at, on PostgreSQL. Thread and session are its own.
#pragma once

#include "ports/alert_index.h"
#include "store/certificate_index.h"

namespace mayfly::store {

class PgAlertIndex final : public AlertIndex {
 public:
  explicit PgAlertIndex(const IndexOptions& options) : readers_(IndexReaders(options)) {}

  Task<Result<AlertList>> Alerts(size_t count_max, BootTime deadline) override;

 private:
  SessionWorkers readers_;
};

}  // namespace mayfly::store
