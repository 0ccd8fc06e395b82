#include "store/ledger.h"

#include "store/ledger_rows.h"

namespace mayfly::store {
namespace {

constexpr std::string_view kRole = "mayfly_issue";

SessionOptions IssueSession(const PgLedger::Options& options) {
  return {.connection = options.connection,
          .role = std::string(kRole),
          .password_file = options.password_file,
          .plans = Plans::kOnce};
}

// The deadline's answer for what the writer has, or may have.
template <class Item>
Error TimeIsUp(Item& item) {
  Stage queued = Stage::kQueued;
  if (item.stage.compare_exchange_strong(queued, Stage::kCancelled)) {
    Error error = Fail(ErrorCode::kDeadlineExceeded, "ledger.deadline",
                       "the database was not asked in time; nothing was written");
    error.retry_after = Milliseconds(1000);
    return error;
  }
  Error error = Fail(ErrorCode::kCommitInDoubt, "ledger.in-doubt",
                     "the database did not say in time whether it was written; ask again");
  error.retry_after = Milliseconds(1000);
  return error;
}

template <class Item>
void AnswerAtDeadline(Timer& timer, const std::shared_ptr<Item>& item) {
  timer.At(item->deadline, [item] {
    if (!item->done.IsSet()) item->done.Set(TimeIsUp(*item));
  });
}

RecordFacts FactsOf(const RecordEntry& entry) {
  return {.key = {entry.tbs.tbs().serial(), entry.issuer},
          .lineage = entry.lineage,
          .profile = entry.profile,
          .principal = entry.principal,
          .policy_version = entry.policy_version,
          .decision = entry.decision,
          .renewal = entry.renewal,
          .claims = entry.claims};
}

}  // namespace

PgLedger::PgLedger(Options options)
    : context_{options.executor, options.timer, options.clock},
      writer_(IssueSession(options), context_, options.limits.writer),
      readers_({.session = IssueSession(options),
                .threads = options.limits.reader_threads,
                .queue_max = options.limits.reader_queue_max},
               context_),
      revoker_({.session = IssueSession(options),
                .threads = 1,
                .queue_max = options.limits.revocation_queue_max},
               context_) {}

Task<Result<RecordedTbs>> PgLedger::Record(RecordEntry entry, BootTime deadline) {
  auto item = std::make_shared<RecordItem>(std::move(entry), deadline, context_.executor);
  if (!writer_.Enqueue(item)) co_return QueueFull();
  AnswerAtDeadline(context_.timer, item);
  auto done = item->done;
  auto answer = co_await done.Wait();
  if (!answer) co_return std::move(answer).error();
  co_return MakeRecorded(ToBytes(item->entry.tbs.tbs().der()), FactsOf(item->entry));
}

Task<Result<Outcome>> PgLedger::Settle(SettleEntry entry, BootTime deadline) {
  auto item = std::make_shared<SettleItem>(std::move(entry), deadline, context_.executor);
  if (!writer_.Enqueue(item)) co_return QueueFull();
  AnswerAtDeadline(context_.timer, item);
  auto done = item->done;
  auto answer = co_await done.Wait();
  co_return std::move(answer);
}

Task<Result<std::optional<PriorAttempt>>> PgLedger::FindRequest(RequestKey key, BootTime deadline) {
  using Found = std::optional<PriorAttempt>;
  std::function<Result<Found>(Session&)> work = [key](Session& session) -> Result<Found> {
    auto rows = session.Exec(
        "SELECT " + RecordColumns() +
            ", q.attempt, q.body_hash FROM request q "
            "JOIN issuance i ON i.serial = q.serial AND i.issuer_id = q.issuer_id "
            "LEFT JOIN outcome o ON o.serial = q.serial AND o.issuer_id = q.issuer_id "
            "LEFT JOIN revocation r ON r.serial = q.serial AND r.issuer_id = q.issuer_id "
            "WHERE q.request_id = $1::uuid AND q.scope = $2 ORDER BY q.attempt DESC LIMIT 1",
        Params().Add(key.id).Add(key.scope));
    if (rows.empty()) return Found();
    const auto row = rows[0];
    StandingRecord record = ReadRecord(row);
    const Hash256 body_hash = HashOf(row[kRecordColumnCount + 1]);
    // Seen is not durable: a standby may not have it yet.
    session.Barrier();
    return Found(
        PriorAttempt{.body_hash = body_hash,
                     .attempt = row[kRecordColumnCount].as<uint16_t>(),
                     .revocation = std::move(record.revocation),
                     .record = MakeRecorded(std::move(record.tbs), std::move(record.facts)),
                     .outcome = std::move(record.outcome)});
  };
  return RunOn<Found>(readers_, std::move(work), deadline);
}

Task<Result<std::optional<CertificateRecord>>> PgLedger::FindCertificate(CertificateKey key,
                                                                         Reading reading,
                                                                         BootTime deadline) {
  using Found = std::optional<CertificateRecord>;
  std::function<Result<Found>(Session&)> work = [key, reading](Session& session) -> Result<Found> {
    auto rows = session.Exec(
        "SELECT " + RecordColumns() +
            " FROM issuance i "
            "LEFT JOIN outcome o ON o.serial = i.serial AND o.issuer_id = i.issuer_id "
            "AND o.serial = $1::bytea "
            "LEFT JOIN revocation r ON r.serial = i.serial AND r.issuer_id = i.issuer_id "
            "WHERE i.serial = $1::bytea AND i.issuer_id = $2",
        Params().Add(key.serial.octets()).Add(static_cast<int64_t>(key.issuer)));
    if (rows.empty()) return Found();
    StandingRecord record = ReadRecord(rows[0]);
    if (reading == Reading::kDurable) session.Barrier();
    return Found(CertificateRecord{.tbs = std::move(record.tbs),
                                   .facts = std::move(record.facts),
                                   .outcome = std::move(record.outcome),
                                   .revocation = std::move(record.revocation),
                                   .recorded_at = record.recorded_at});
  };
  return RunOn<Found>(readers_, std::move(work), deadline);
}

}  // namespace mayfly::store
