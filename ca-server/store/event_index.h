// PgEventIndex: events as a list, on PostgreSQL. Thread and session are its own.
#pragma once

#include "ports/event_index.h"
#include "store/certificate_index.h"

namespace mayfly::store {

class PgEventIndex final : public EventIndex {
 public:
  explicit PgEventIndex(const IndexOptions& options) : readers_(IndexReaders(options)) {}

  Task<Result<EventPage>> Page(EventQuery query, BootTime deadline) override;

 private:
  SessionWorkers readers_;
};

}  // namespace mayfly::store
