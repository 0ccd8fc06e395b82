// LeaseKeeper: the thread that keeps a ResponderMemory true and its lease alive.
//
// One round: load and apply revocations; wait for `good` signatures that they hit; write the lease
// row; load and apply again; only then count the lease, from before the row was sent. The second
// load is what makes a row that was written late safe: a revocation committed before the row was
// there may have been acknowledged without us (no row, or an expired one), so it must be in memory
// before a `good` may be said under that row; one committed after it finds the row and waits.
// So the feed must read where the lease is written: a replica of the database that lags will not
// do.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "ocsp/memory.h"
#include "ports/status_source.h"

namespace mayfly::ocsp {

constexpr Milliseconds kLeaseRenewedEvery{2000};
constexpr Milliseconds kLeaseRetriedAfter{500};  // when a round failed
constexpr Seconds kPurgedEvery{600};
constexpr size_t kRevocationsPageMax = 1000;
// How much of a lease is not used, for clocks that run at different speeds: one part in this many.
constexpr int kLeaseMarginDivisor = 10;

struct LeaseKeeperParts {
  const Clock& clock;
  RevocationFeed& feed;
  ResponderMemory& memory;
  Seconds lease;
  Seconds answer_life;
};

class LeaseKeeper {
 public:
  // Starts the thread. Until the first round has succeeded there is no lease.
  explicit LeaseKeeper(LeaseKeeperParts parts);
  // Ends the lease, waits for `good` signatures under way, gives the row back.
  ~LeaseKeeper();

  // Ok where the last round succeeded; otherwise why it did not. For readiness and logs.
  Status Trouble() const;

 private:
  void Run();
  Status Round();
  // Applies all there are; true where there were any.
  Result<bool> LoadRevocations();
  void Note(Status outcome);
  bool Stopping() const;
  void PauseAfter(bool failed);

  LeaseKeeperParts parts_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::optional<Error> trouble_;
  BootTime purged_{};     // of the thread
  bool at_once_ = false;  // of the thread: the next round has something to acknowledge
  std::thread thread_;
};

}  // namespace mayfly::ocsp
