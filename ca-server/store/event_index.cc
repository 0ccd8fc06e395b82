#include "store/event_index.h"

namespace mayfly::store {
namespace {

// Statements over the events of a span, after a place in the list.
class Span {
 public:
  explicit Span(const EventQuery& query) : filter_(query.filter) {
    if (filter_.at.from != TimePoint::min()) {
      where_ += " AND e.at >= " + FromMicros(Bound(filter_.at.from) + "::bigint");
    }
    if (filter_.at.until != TimePoint::max()) {
      where_ += " AND e.at < " + FromMicros(Bound(filter_.at.until) + "::bigint");
    }
    if (query.after) {
      where_ += " AND (e.at, e.id) < (" + FromMicros(Bound(query.after->at) + "::bigint") + ", " +
                Bound(query.after->id) + "::bigint)";
    }
  }

  // Of the first kIndexRecordsExaminedMax events: those that were asked for.
  pqxx::result Matching(Session& session, size_t count) {
    const std::string inner = Events(Bound(static_cast<int64_t>(kIndexRecordsExaminedMax)));
    std::string matches = "true";
    if (filter_.kind) matches += " AND e.kind = " + Bound(*filter_.kind);
    if (filter_.principal) matches += " AND e.principal = " + Bound(*filter_.principal);
    return session.Exec("SELECT " + Micros("e.at") + ", e.id, e.kind, e.principal, " +
                            "e.detail::text FROM (" + inner + ") e WHERE " + matches +
                            " ORDER BY e.at DESC, e.id DESC LIMIT " +
                            Bound(static_cast<int64_t>(count)),
                        params_);
  }

  // The last of the first kIndexRecordsExaminedMax; nothing where there are fewer.
  std::optional<EventPosition> LastExamined(Session& session) {
    const std::string inner = Events("1 OFFSET " + std::to_string(kIndexRecordsExaminedMax - 1));
    const auto rows =
        session.Exec("SELECT " + Micros("e.at") + ", e.id FROM (" + inner + ") e", params_);
    if (rows.empty()) return std::nullopt;
    return EventPosition{TimeOf(rows[0][0]), rows[0][1].as<int64_t>()};
  }

 private:
  template <class Value>
  std::string Bound(Value value) {
    params_.Add(std::move(value));
    return "$" + std::to_string(params_.values().size());
  }
  std::string Events(const std::string& limit) const {
    return "SELECT e.* FROM event e WHERE " + where_ + " ORDER BY e.at DESC, e.id DESC LIMIT " +
           limit;
  }

  const EventFilter& filter_;
  Params params_;
  std::string where_ = "true";
};

EventPage ReadPage(Session& session, const EventQuery& query) {
  EventPage page;
  // One more than asked for, so that a page that ends the list says so.
  const pqxx::result rows = Span(query).Matching(session, query.count_max + 1);
  EventPosition position{};
  for (const auto& row : rows) {
    if (page.events.size() == query.count_max) {
      page.next = position;
      return page;
    }
    position = EventPosition{TimeOf(row[0]), row[1].as<int64_t>()};
    page.events.push_back({{row[2].c_str(), row[3].c_str(), row[4].c_str()}, position.at});
  }
  page.next = Span(query).LastExamined(session);
  return page;
}

}  // namespace

Task<Result<EventPage>> PgEventIndex::Page(EventQuery query, BootTime deadline) {
  std::function<Result<EventPage>(Session&)> work =
      [query = std::move(query)](Session& session) -> Result<EventPage> {
    Transaction snapshot(session, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
    EventPage page = ReadPage(session, query);
    snapshot.Commit();
    session.Barrier();  // seen is not durable
    return page;
  };
  return RunOn<EventPage>(readers_, std::move(work), deadline);
}

}  // namespace mayfly::store
