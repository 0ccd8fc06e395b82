// PgLedger: the ledger on PostgreSQL. docs/adr/0003-ledger.md says why it is as it is.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "ports/ledger.h"
#include "ports/lineages.h"
#include "store/ledger_writer.h"
#include "store/session_workers.h"

namespace mayfly::store {

struct LedgerLimits {
  WriterLimits writer;
  size_t reader_threads = 2;
  size_t reader_queue_max = 1024;
  size_t revocation_queue_max = 256;
};

class PgLedger final : public Ledger, public Lineages {
 public:
  struct Options {
    std::string connection;  // libpq keywords; the role is added here
    std::optional<std::filesystem::path> password_file;
    Executor& executor;
    Timer& timer;
    const Clock& clock;
    LedgerLimits limits = {};
  };
  // Connects when first used, so it may be made while the database is away. `connection` has
  // passed CheckSchema. All calls have been answered before it is destroyed.
  explicit PgLedger(Options options);

  Task<Result<RecordedTbs>> Record(RecordEntry entry, BootTime deadline) override;
  Task<Result<Outcome>> Settle(SettleEntry entry, BootTime deadline) override;
  Task<Result<std::optional<PriorAttempt>>> FindRequest(RequestKey key, BootTime deadline) override;
  Task<Result<std::optional<CertificateRecord>>> FindCertificate(CertificateKey key,
                                                                 Reading reading,
                                                                 BootTime deadline) override;
  Task<Result<RevokeReceipt>> Revoke(RevokeEntry entry, BootTime deadline) override;
  Task<Result<StoredBasis>> LoadBasis(BootTime deadline) override;
  Task<Result<uint64_t>> ActivatePolicy(PolicyEntry entry, BootTime deadline) override;
  Task<Result<uint64_t>> AddBlock(BlockEntry entry, BootTime deadline) override;
  void Note(Event event) override { writer_.Enqueue(std::move(event)); }

  Task<Result<CertificateKey>> NoteUse(LineageUse use, BootTime deadline) override;
  Task<Result<std::optional<CertificateKey>>> FindSuccessor(policy::LineagePlace place,
                                                            BootTime deadline) override;

  // Abandons intents that nobody came back for in `grace` (ten minutes, say); gives how many.
  // To be called every minute or so, one call at a time: each looks at what grew old since the
  // last, and the first at the last two days in which anything was recorded.
  Task<Result<uint64_t>> AbandonStaleIntents(Seconds grace, BootTime deadline);

  uint64_t events_dropped() const { return writer_.events_dropped(); }

 private:
  const StoreContext context_;
  std::mutex swept_mutex_;
  std::map<x509::LifetimeClass, TimePoint> swept_until_;  // no older intent is left
  LedgerWriter writer_;
  SessionWorkers readers_;
  SessionWorkers revoker_;  // its own connection: revocation works when all others are busy
};

}  // namespace mayfly::store
