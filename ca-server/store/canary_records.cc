#include "store/canary_records.h"

#include "store/ledger_batch.h"
#include "x509/digest.h"

namespace mayfly::store {

PgCanaryRecords::PgCanaryRecords(const IndexOptions& options)
    : workers_({.session = {.connection = options.connection,
                            .role = "mayfly_issue",
                            .password_file = options.password_file},
                .threads = 1,
                .queue_max = options.queue_max},
               {options.executor, options.timer, options.clock}) {}

Task<Result<RecordedCanary>> PgCanaryRecords::Record(CanaryEntry entry, BootTime deadline) {
  const Hash256 digest = x509::Sha256(entry.message);
  // Run twice, where the first answer was lost, it makes one row.
  std::function<Result<bool>(Session&)> work = [entry, digest](Session& session) -> Result<bool> {
    {
      Transaction transaction(session);
      const WriteStart start = BeginWrite(session);
      session.Exec(
          "INSERT INTO canary (digest, spki_hash, purpose, tick) "
          "VALUES ($1::bytea, $2::bytea, $3, $4) ON CONFLICT DO NOTHING",
          Params()
              .Add(ByteSpan(digest))
              .Add(ByteSpan(entry.spki_hash))
              .Add(static_cast<int64_t>(entry.use))
              .Add(start.tick));
      transaction.Commit();
    }
    session.Cut();  // the next canary is a minute away, and the certificate is a newer one then
    return true;
  };
  CO_TRY(co_await RunOn<bool>(workers_, std::move(work), deadline));
  co_return MakeRecorded(std::move(entry.message));
}

}  // namespace mayfly::store
