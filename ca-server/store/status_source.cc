#include "store/status_source.h"

#include <thread>

#include "store/guarded.h"
#include "store/ledger_rows.h"

namespace mayfly::store {
namespace {

LedgerStatus::Standing StandingOf(const pqxx::field& issued, const pqxx::field& outcome) {
  if (issued.is_null()) return LedgerStatus::Standing::kAbsent;
  if (outcome.is_null()) return LedgerStatus::Standing::kIntent;
  return outcome.as<int>() == 1 ? LedgerStatus::Standing::kIssued
                                : LedgerStatus::Standing::kAbandoned;
}

SessionOptions RespondSession(std::string connection,
                              std::optional<std::filesystem::path> password_file) {
  return {.connection = std::move(connection),
          .role = "mayfly_respond",
          .password_file = std::move(password_file)};
}

}  // namespace

PgStatusSource::PgStatusSource(Options options)
    : workers_({.session = RespondSession(options.connection, options.password_file),
                .threads = options.threads,
                .queue_max = options.queue_max},
               {options.executor, options.timer, options.clock}) {}

Task<Result<LedgerStatus>> PgStatusSource::Lookup(CertificateKey key, BootTime deadline) {
  std::function<Result<LedgerStatus>(Session&)> work =
      [key](Session& session) -> Result<LedgerStatus> {
    // One statement, one snapshot; the time is read before it is taken, so it never flatters.
    auto row = session.Exec(
        "SELECT " + Micros("now()") + ", " + Micros("i.not_after") + ", o.kind, " +
            RevocationColumns() +
            " FROM (SELECT $1::bytea AS serial, $2::integer AS issuer_id) k "
            "LEFT JOIN issuance i ON i.serial = $1::bytea AND i.issuer_id = k.issuer_id "
            "LEFT JOIN outcome o ON o.serial = $1::bytea AND o.issuer_id = k.issuer_id "
            "LEFT JOIN revocation r ON r.serial = $1::bytea AND r.issuer_id = k.issuer_id",
        Params().Add(key.serial.octets()).Add(static_cast<int64_t>(key.issuer)))[0];
    return LedgerStatus{.standing = StandingOf(row[1], row[2]),
                        .revocation = ReadRevocation(row, 3, key),
                        .database_now = TimeOf(row[0]),
                        .not_after = row[1].is_null() ? TimePoint{} : TimeOf(row[1])};
  };
  return RunOn<LedgerStatus>(workers_, std::move(work), deadline);
}

PgRevocationFeed::PgRevocationFeed(Options options)
    : session_options_(RespondSession(options.connection, options.password_file)),
      responder_(options.responder) {}

PgRevocationFeed::~PgRevocationFeed() = default;

Session& PgRevocationFeed::Connected() {
  if (!session_ || !session_->usable()) {
    session_ = std::make_unique<Session>(session_options_);
    session_->Exec("LISTEN mayfly_revocation");
  }
  return *session_;
}

Result<std::vector<Revocation>> PgRevocationFeed::RevocationsAfter(uint64_t number,
                                                                   size_t count_max) {
  return Guarded([&]() -> Result<std::vector<Revocation>> {
    auto rows = Connected().Exec(
        "SELECT r.serial, r.issuer_id, " + RevocationColumns() +
            " FROM revocation r WHERE r.number > $1 "
            "AND r.not_after > clock_timestamp() - interval '1 day' ORDER BY r.number LIMIT $2",
        Params().Add(static_cast<int64_t>(number)).Add(static_cast<int64_t>(count_max)));
    std::vector<Revocation> revocations;
    for (const auto& row : rows) {
      const CertificateKey key{SerialOf(row[0]), IssuerOf(row[1])};
      revocations.push_back(*ReadRevocation(row, 2, key));
    }
    return revocations;
  });
}

Result<TimePoint> PgRevocationFeed::WriteLease(uint64_t applied, Seconds lease,
                                               Seconds answer_life) {
  return Guarded([&]() -> Result<TimePoint> {
    auto rows = Connected().Exec(
        "SELECT write_lease($1::uuid, $2, $3 * interval '1 second', $4 * interval '1 second'), " +
            Micros("clock_timestamp()"),
        Params()
            .Add(responder_)
            .Add(static_cast<int64_t>(applied))
            .Add(int64_t{lease.count()})
            .Add(int64_t{answer_life.count()}));
    if (rows[0][0].as<bool>()) return TimeOf(rows[0][1]);
    return Fail(ErrorCode::kConflict, "lease.behind",
                "there are revocations that this responder has not applied");
  });
}

Status PgRevocationFeed::DropLease() {
  return Guarded([&]() -> Status {
    // The row stays: how long the answers given under it live is still wanted.
    Connected().Exec(
        "UPDATE responder_lease SET expires_at = clock_timestamp() WHERE responder = $1::uuid",
        Params().Add(responder_));
    return Ok();
  });
}

void PgRevocationFeed::WaitForHint(Milliseconds wait) {
  auto waited = Guarded([&]() -> Status {
    Connected().WaitForNotification(wait);
    return Ok();
  });
  // A hint only; without a database there is nothing to do but to wait.
  if (!waited) std::this_thread::sleep_for(wait);
}

}  // namespace mayfly::store
