// Ports of the OCSP responder: what the ledger says of one serial, and the feed of revocations
// that keeps its memory true. Implemented by store/status_source.h; fakes in tests/fakes.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "ports/ledger.h"

namespace mayfly {

struct LedgerStatus {
  enum class Standing : uint8_t { kAbsent, kIntent, kAbandoned, kIssued };
  Standing standing;
  std::optional<Revocation> revocation;  // wins over every standing
  TimePoint database_now;                // when that was true, by the database's clock
  TimePoint not_after;                   // kIssued and kIntent: of the certificate
};

class StatusSource {
 public:
  virtual ~StatusSource() = default;
  // Errors: kStoreUnavailable, kDeadlineExceeded.
  virtual Task<Result<LedgerStatus>> Lookup(CertificateKey key, BootTime deadline) = 0;
};

// Blocking; used by the responder's one lease thread.
class RevocationFeed {
 public:
  virtual ~RevocationFeed() = default;
  // In commit order, of certificates that have not expired for over a day; at most `count_max`.
  virtual Result<std::vector<Revocation>> RevocationsAfter(uint64_t number, size_t count_max) = 0;
  // "This responder has applied every revocation up to `applied`, and answers from memory for
  // `lease` from now; its answers are valid for at most `answer_life`." Gives the database's time.
  // Error: kConflict "lease.behind" where it has no live lease and has not applied every one.
  virtual Result<TimePoint> WriteLease(uint64_t applied, Seconds lease, Seconds answer_life) = 0;
  // Gives the lease back (SIGTERM).
  virtual Status DropLease() = 0;
  // Returns early when the database hints at a revocation (NOTIFY), else after `wait`.
  virtual void WaitForHint(Milliseconds wait) = 0;
};

}  // namespace mayfly
