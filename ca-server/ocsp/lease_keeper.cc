#include "ocsp/lease_keeper.h"

namespace mayfly::ocsp {

LeaseKeeper::LeaseKeeper(LeaseKeeperParts parts)
    : parts_(parts),
      trouble_(Fail(ErrorCode::kStoreUnavailable, "ocsp.no-lease",
                    "the revocations have not been loaded yet")),
      thread_([this] { Run(); }) {}

LeaseKeeper::~LeaseKeeper() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
  parts_.memory.EndLease();
  parts_.memory.AwaitInvalidated();
  // Where this fails the row expires by itself, and revocations wait that long.
  (void)parts_.feed.DropLease();
}

Status LeaseKeeper::Trouble() const {
  std::lock_guard lock(mutex_);
  if (trouble_) return *trouble_;
  return Ok();
}

bool LeaseKeeper::Stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void LeaseKeeper::Run() {
  while (!Stopping()) {
    Status outcome = Round();
    bool failed = !outcome;
    Note(std::move(outcome));
    PauseAfter(failed);
  }
}

void LeaseKeeper::Note(Status outcome) {
  std::lock_guard lock(mutex_);
  trouble_.reset();
  if (!outcome) trouble_ = std::move(outcome).error();
}

void LeaseKeeper::PauseAfter(bool failed) {
  if (Stopping()) return;
  if (failed) {  // WaitForHint may return at once while the database is away
    std::unique_lock lock(mutex_);
    stop_.wait_for(lock, kLeaseRetriedAfter, [this] { return stopping_; });
  } else if (!at_once_) {
    parts_.feed.WaitForHint(kLeaseRenewedEvery);
  }
}

Status LeaseKeeper::Round() {
  at_once_ = false;
  TRY(LoadRevocations());
  // Once the row names a revocation, it may be acknowledged: nothing may be signed against it then.
  parts_.memory.AwaitInvalidated();
  BootTime sent = parts_.clock.BootNow();
  TRY_ASSIGN(const TimePoint database_now,
             parts_.feed.WriteLease(parts_.memory.applied(), parts_.lease, parts_.answer_life));
  TRY_ASSIGN(at_once_, LoadRevocations());
  parts_.memory.RenewLease(sent + parts_.lease - parts_.lease / kLeaseMarginDivisor);
  if (sent >= purged_ + kPurgedEvery) {
    parts_.memory.Purge(database_now);
    purged_ = sent;
  }
  return Ok();
}

Result<bool> LeaseKeeper::LoadRevocations() {
  bool any = false;
  while (true) {
    TRY_ASSIGN(std::vector<Revocation> page,
               parts_.feed.RevocationsAfter(parts_.memory.applied(), kRevocationsPageMax));
    parts_.memory.Apply(page);
    any = any || !page.empty();
    if (page.size() < kRevocationsPageMax) return any;
  }
}

}  // namespace mayfly::ocsp
