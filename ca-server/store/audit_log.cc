#include "store/audit_log.h"

#include <algorithm>

#include "store/guarded.h"
#include "store/ledger_rows.h"

namespace mayfly::store {
namespace {

// Reading a tick in which much happened sorts it first.
constexpr Seconds kStatementTimeMax{60};

// The rows of a query in its order, some at a time; the first column is the tick.
class Cursor {
 public:
  Cursor(Session& session, std::string name, const std::string& query, const Params& params)
      : session_(session), fetch_("FETCH " + std::to_string(kEntriesAtOnceMax) + " FROM " + name) {
    session_.Exec("DECLARE " + name + " NO SCROLL CURSOR FOR " + query, params);
    Fetch();
  }
  std::optional<uint64_t> tick() const {
    if (at_ == rows_.size()) return std::nullopt;
    return rows_[at_][0].as<uint64_t>();
  }
  pqxx::row row() const { return rows_[at_]; }
  void Advance() {
    if (++at_ == rows_.size()) Fetch();
  }

 private:
  void Fetch() {
    rows_ = session_.Exec(fetch_);
    at_ = 0;
  }
  Session& session_;
  const std::string fetch_;
  pqxx::result rows_;
  pqxx::result::size_type at_ = 0;
};

std::string OutcomesQuery() {
  return "SELECT o.tick, o.kind, s.name, o.serial, i.tick, i.tbs, i.lineage, i.generation, "
         "i.parent_serial, i.profile, i.principal, i.request_id, i.policy_version, i.decision, " +
         Micros("i.not_after") + ", " + Micros("i.renew_from") + ", " + Micros("i.renew_until") +
         ", " + Micros("i.recorded_at") + ", o.policy_version, o.decision, " +
         Micros("o.decided_at") +
         ", o.signature, i.claims FROM outcome o JOIN issuance i ON i.serial = o.serial "
         "AND i.issuer_id = o.issuer_id JOIN issuer s ON s.id = o.issuer_id "
         "WHERE o.tick > $1 AND o.tick <= $2 ORDER BY o.tick, o.serial, o.issuer_id";
}

std::string RevocationsQuery() {
  return "SELECT r.tick, r.number, s.name, r.serial, r.reason, " + Micros("r.revoked_at") + ", " +
         Micros("r.not_after") +
         ", r.principal FROM revocation r JOIN issuer s ON s.id = r.issuer_id "
         "WHERE r.tick > $1 AND r.tick <= $2 ORDER BY r.tick, r.number";
}

std::string EventsQuery() {
  return "SELECT e.tick, e.id, e.kind, e.principal, e.detail::text, " + Micros("e.at") +
         " FROM event e WHERE e.tick > $1 AND e.tick <= $2 ORDER BY e.tick, e.id";
}

tlog::Record RecordOf(const pqxx::row& row) {
  tlog::Record record{.tick = row[4].as<uint64_t>(),
                      .issuer = row[2].c_str(),
                      .serial = SerialOf(row[3]),
                      .tbs = BytesOf(row[5]),
                      .lineage = UuidOf(row[6]),
                      .generation = row[7].as<uint32_t>(),
                      .parent = std::nullopt,
                      .profile = row[9].c_str(),
                      .principal = row[10].c_str(),
                      .claims = row[22].c_str(),
                      .request_id = std::nullopt,
                      .policy_version = row[12].as<uint64_t>(),
                      .decision = row[13].as<uint64_t>(),
                      .not_after = TimeOf(row[14]),
                      .renew_from = TimeOf(row[15]),
                      .renew_until = TimeOf(row[16]),
                      .recorded_at = TimeOf(row[17])};
  if (!row[8].is_null()) record.parent = SerialOf(row[8]);
  if (!row[11].is_null()) record.request_id = UuidOf(row[11]);
  return record;
}

tlog::LogEntry OutcomeEntry(const pqxx::row& row) {
  const auto tick = row[0].as<uint64_t>();
  const tlog::Decided decided{row[18].as<uint64_t>(), row[19].as<uint64_t>(), TimeOf(row[20])};
  const bool is_signed = row[1].as<int>() == 1;
  if (!is_signed) return {tick, tlog::Abandonment{RecordOf(row), decided}};
  return {tick, tlog::IssuedCertificate{RecordOf(row), decided, BytesOf(row[21])}};
}

tlog::LogEntry RevocationEntry(const pqxx::row& row) {
  return {row[0].as<uint64_t>(),
          tlog::RevokedCertificate{.number = row[1].as<uint64_t>(),
                                   .issuer = row[2].c_str(),
                                   .serial = SerialOf(row[3]),
                                   .reason = static_cast<uint8_t>(row[4].as<int>()),
                                   .revoked_at = TimeOf(row[5]),
                                   .not_after = TimeOf(row[6]),
                                   .principal = row[7].c_str()}};
}

tlog::LogEntry EventEntry(const pqxx::row& row) {
  return {row[0].as<uint64_t>(), tlog::AdminEvent{.number = row[1].as<uint64_t>(),
                                                  .kind = row[2].c_str(),
                                                  .principal = row[3].c_str(),
                                                  .detail = row[4].c_str(),
                                                  .at = TimeOf(row[5])}};
}

// Within a tick: outcomes by serial and issuer, revocations by number, events by id.
class EntryReader {
 public:
  EntryReader(Session& session, const Params& ticks)
      : outcomes_(session, "outcomes", OutcomesQuery(), ticks),
        revocations_(session, "revocations", RevocationsQuery(), ticks),
        events_(session, "events", EventsQuery(), ticks) {}

  // Empty: there are no more.
  std::vector<tlog::LogEntry> Next() {
    std::vector<tlog::LogEntry> entries;
    while (entries.size() < kEntriesAtOnceMax) {
      const std::optional<uint64_t> tick = NextTick();
      if (!tick) break;
      TakeOf(outcomes_, *tick, OutcomeEntry, entries);
      TakeOf(revocations_, *tick, RevocationEntry, entries);
      TakeOf(events_, *tick, EventEntry, entries);
    }
    return entries;
  }

 private:
  std::optional<uint64_t> NextTick() const {
    std::optional<uint64_t> next;
    for (const Cursor* cursor : {&outcomes_, &revocations_, &events_}) {
      if (cursor->tick() && (!next || *cursor->tick() < *next)) next = cursor->tick();
    }
    return next;
  }
  template <class EntryOf>
  static void TakeOf(Cursor& cursor, uint64_t tick, EntryOf entry_of,
                     std::vector<tlog::LogEntry>& entries) {
    for (; cursor.tick() == tick && entries.size() < kEntriesAtOnceMax; cursor.Advance()) {
      entries.push_back(entry_of(cursor.row()));
    }
  }

  Cursor outcomes_;
  Cursor revocations_;
  Cursor events_;
};

LogPosition PositionOf(const pqxx::row& row) {
  return {{row[0].as<uint64_t>(), HashOf(row[1])}, row[2].as<uint64_t>()};
}

constexpr char kPositions[] = "SELECT size, root, tick FROM audit_checkpoint WHERE origin = $1 ";

}  // namespace

PgAuditLog::PgAuditLog(Options options)
    : session_options_{.connection = std::move(options.connection),
                       .role = "mayfly_audit",
                       .password_file = std::move(options.password_file),
                       .statement_timeout = kStatementTimeMax},
      origin_(std::move(options.origin)) {}

Session& PgAuditLog::Connected() {
  if (!session_ || !session_->usable()) session_ = std::make_unique<Session>(session_options_);
  return *session_;
}

Result<uint64_t> PgAuditLog::CloseTick() {
  return Guarded([&]() -> Result<uint64_t> {
    Session& session = Connected();
    Transaction transaction(session);
    const auto closed = session.Exec("SELECT close_tick()")[0][0].as<uint64_t>();
    transaction.Commit();
    return closed;
  });
}

Status PgAuditLog::ReadEntries(TickRange ticks, const Take& take) {
  return Guarded([&]() -> Status {
    Session& session = Connected();
    Transaction snapshot(session, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
    EntryReader reader(
        session,
        Params().Add(static_cast<int64_t>(ticks.after)).Add(static_cast<int64_t>(ticks.through)));
    for (auto entries = reader.Next(); !entries.empty(); entries = reader.Next()) {
      TRY(take(entries));
    }
    return Ok();
  });
}

Result<LogPosition> PgAuditLog::Newest() {
  return Guarded([&]() -> Result<LogPosition> {
    const auto rows = Connected().Exec(std::string(kPositions) + "ORDER BY size DESC LIMIT 1",
                                       Params().Add(origin_));
    return rows.empty() ? LogPosition{{0, tlog::EmptyRoot()}, 0} : PositionOf(rows[0]);
  });
}

Result<std::optional<LogPosition>> PgAuditLog::At(uint64_t size) {
  return Guarded([&]() -> Result<std::optional<LogPosition>> {
    const auto rows = Connected().Exec(std::string(kPositions) + "AND size = $2",
                                       Params().Add(origin_).Add(static_cast<int64_t>(size)));
    if (rows.empty()) return std::optional<LogPosition>();
    return std::optional(PositionOf(rows[0]));
  });
}

Status PgAuditLog::Commit(const LogPosition& position) {
  return Guarded([&]() -> Status {
    Session& session = Connected();
    Transaction transaction(session);
    session.Exec(
        "INSERT INTO audit_checkpoint (origin, size, root, tick) "
        "VALUES ($1, $2, $3::bytea, $4) ON CONFLICT DO NOTHING",
        Params()
            .Add(origin_)
            .Add(static_cast<int64_t>(position.tree.size))
            .Add(ByteSpan(position.tree.root))
            .Add(static_cast<int64_t>(position.tick)));
    transaction.Commit();
    // In a later statement: only there READ COMMITTED shows who came first.
    TRY_ASSIGN(const auto standing, At(position.tree.size));
    Connected().Barrier();  // seen is not durable; the session may be another one by now
    if (standing && standing->tree == position.tree) return Ok();
    return Fail(ErrorCode::kInternal, "audit.split-view",
                "another tree of " + std::to_string(position.tree.size) +
                    " entries was committed for this log");
  });
}

}  // namespace mayfly::store
