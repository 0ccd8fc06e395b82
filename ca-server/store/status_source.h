// The OCSP responder's ports on PostgreSQL, as the role mayfly_respond.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "ports/status_source.h"
#include "store/session_workers.h"

namespace mayfly::store {

class PgStatusSource final : public StatusSource {
 public:
  struct Options {
    std::string connection;
    std::optional<std::filesystem::path> password_file;
    Executor& executor;
    Timer& timer;
    const Clock& clock;
    size_t threads = 2;
    size_t queue_max = 1024;
  };
  explicit PgStatusSource(Options options);
  Task<Result<LedgerStatus>> Lookup(CertificateKey key, BootTime deadline) override;

 private:
  SessionWorkers workers_;
};

// For one thread. WriteLease answers kConflict "lease.behind" where this responder has no live
// lease and has not applied every revocation: read RevocationsAfter first, then write it again.
class PgRevocationFeed final : public RevocationFeed {
 public:
  struct Options {
    std::string connection;
    std::optional<std::filesystem::path> password_file;
    Uuid responder;  // the same after a restart in the same state directory
  };
  explicit PgRevocationFeed(Options options);
  ~PgRevocationFeed() override;

  Result<std::vector<Revocation>> RevocationsAfter(uint64_t number, size_t count_max) override;
  Result<TimePoint> WriteLease(uint64_t applied, Seconds lease, Seconds answer_life) override;
  Status DropLease() override;
  void WaitForHint(Milliseconds wait) override;

 private:
  Session& Connected();
  const SessionOptions session_options_;
  const Uuid responder_;
  std::unique_ptr<Session> session_;
};

}  // namespace mayfly::store
