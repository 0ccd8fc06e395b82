// Port: events as a list. Implemented by store/event_index.h and tests/fakes/memory_ledger.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ports/certificate_index.h"

namespace mayfly {

// All that is set must hold.
struct EventFilter {
  std::optional<std::string> kind;
  std::optional<std::string> principal;
  TimeSpan at;
};

// A place in the list: the newest is first.
struct EventPosition {
  TimePoint at;
  int64_t id;
  friend auto operator<=>(const EventPosition&, const EventPosition&) = default;
};

struct ListedEvent {
  Event event;
  TimePoint at;
};

struct EventQuery {
  EventFilter filter;
  std::optional<EventPosition> after;  // nothing: from the newest
  size_t count_max;                    // at least 1
};

struct EventPage {
  std::vector<ListedEvent> events;
  std::optional<EventPosition> next;  // nothing: there is no more
};

class EventIndex {
 public:
  virtual ~EventIndex() = default;
  // Looks at kIndexRecordsExaminedMax events at most, as CertificateIndex does.
  // Errors: kOverloaded, kStoreUnavailable, kDeadlineExceeded.
  virtual Task<Result<EventPage>> Page(EventQuery query, BootTime deadline) = 0;
};

}  // namespace mayfly
