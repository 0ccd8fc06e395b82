#include "audit/checkpoint_keeper.h"

#include "tlog/tlog_proof.h"

namespace mayfly::audit {
namespace {

Error NoCheckpoint(Seconds age_max) {
  Error error = Fail(ErrorCode::kStoreUnavailable, "audit.no-checkpoint",
                     "the audit log has had no new checkpoint for over " +
                         std::to_string(age_max.count()) + " s; nothing is released without one");
  error.retry_after = Milliseconds(1000);
  return error;
}

Error NotCovered() {
  Error error = Fail(ErrorCode::kDeadlineExceeded, "audit.not-covered",
                     "done and durable, but no checkpoint of the audit log covers it yet; call "
                     "again to wait for one");
  error.retry_after = Milliseconds(1000);
  return error;
}

Error ShuttingDown() {
  return Fail(ErrorCode::kShuttingDown, "audit.shutting-down", "the server is stopping");
}

}  // namespace

CheckpointKeeper::~CheckpointKeeper() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (const Waiter& waiter : waiters_) waiter.fail(ShuttingDown());
}

void CheckpointKeeper::Start() {
  thread_ = std::thread([this] { Run(); });
}

Status CheckpointKeeper::MayRelease() const {
  if (parts_.also_needed) TRY(parts_.also_needed());
  std::lock_guard lock(mutex_);
  if (covered_ && parts_.clock.BootNow() - *covered_ <= parts_.checkpoint_age_max) return Ok();
  return NoCheckpoint(parts_.checkpoint_age_max);
}

CheckpointKeeper::Standing CheckpointKeeper::Now() const {
  std::lock_guard lock(mutex_);
  Standing standing{.size = size_, .age = std::nullopt, .waiting = waiters_.size() + in_round_};
  if (covered_) {
    standing.age = std::chrono::duration_cast<Milliseconds>(parts_.clock.BootNow() - *covered_);
  }
  return standing;
}

// `work` is done by the thread once a round that began after this call has published.
template <class T>
Task<Result<T>> CheckpointKeeper::WaitFor(std::function<Result<T>(Published)> work,
                                          BootTime deadline) {
  Completion<Result<T>> done(parts_.executor);
  parts_.timer.At(deadline, [done] { done.Set(NotCovered()); });
  {
    std::lock_guard lock(mutex_);
    if (stopping_) co_return ShuttingDown();
    waiters_.push_back({[done, work](Published published) { done.Set(work(published)); },
                        [done](Error error) { done.Set(std::move(error)); },
                        [done] { return done.IsSet(); }});
  }
  wake_.notify_all();
  auto result = co_await done.Wait();
  co_return std::move(result);
}

Task<Status> CheckpointKeeper::WaitForCheckpoint(BootTime deadline) {
  std::function<Result<bool>(Published)> work = [](Published) { return true; };
  auto covered = co_await WaitFor(std::move(work), deadline);
  if (!covered) co_return std::move(covered).error();
  co_return Ok();
}

Task<Result<InclusionProof>> CheckpointKeeper::Prove(std::string issuer, x509::SerialNumber serial,
                                                     BootTime deadline) {
  std::function<Result<InclusionProof>(Published)> work =
      [this, issuer = std::move(issuer), serial = std::move(serial)](Published published) {
        return ProofOf(published, issuer, serial);
      };
  auto proof = co_await WaitFor(std::move(work), deadline);
  co_return std::move(proof);
}

Result<InclusionProof> CheckpointKeeper::ProofOf(Published published, const std::string& issuer,
                                                 const x509::SerialNumber& serial) const {
  tlog::LogReader& reader = published.reader;
  auto index = parts_.sequencer.RecentIndexOf({issuer, serial});
  if (!index) {
    TRY_ASSIGN(index, reader.FindIssued(serial, [&](const tlog::IssuedCertificate& issued) {
      return issued.record.issuer == issuer;
    }));
  }
  if (!index) {
    return Fail(ErrorCode::kNotFound, "audit.no-entry",
                "the audit log has no such certificate that was issued");
  }
  TRY_ASSIGN(Bytes entry, reader.Entry(*index));
  TRY_ASSIGN(tlog::Proof hashes, reader.ProveInclusion(*index));
  const std::string& note = published.checkpoint.note;
  return InclusionProof{tlog::WriteTlogProof({*index, std::move(hashes), note}), std::move(entry)};
}

void CheckpointKeeper::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const BootTime begun = parts_.clock.BootNow();
    lock.unlock();
    DoRound();
    lock.lock();
    wake_.wait_for(lock, kRoundPauseMin, [this] { return stopping_; });
    const auto passed = parts_.clock.BootNow() - begun;
    if (passed >= kRoundEvery) continue;
    wake_.wait_for(lock, kRoundEvery - passed, [this] { return stopping_ || !waiters_.empty(); });
  }
}

// Those who came before it began are answered; after a failure they wait on.
void CheckpointKeeper::DoRound() {
  std::vector<Waiter> waiters;
  {
    std::lock_guard lock(mutex_);
    waiters = std::exchange(waiters_, {});
    in_round_ = waiters.size();
  }
  const BootTime begun = parts_.clock.BootNow();
  const auto checkpoint = parts_.sequencer.Round();
  if (checkpoint) {
    Answer(*checkpoint, begun, waiters);
  } else {
    WaitOn(std::move(waiters));
  }
  if (parts_.after_round) parts_.after_round(checkpoint ? Ok() : Status(checkpoint.error()));
}

void CheckpointKeeper::Answer(const PublishedCheckpoint& checkpoint, BootTime begun,
                              const std::vector<Waiter>& waiters) {
  {
    std::lock_guard lock(mutex_);
    covered_ = begun;
    size_ = checkpoint.tree.size;
    in_round_ = 0;
  }
  tlog::LogReader reader(checkpoint.tree,
                         [this](const std::string& name) { return parts_.storage.Read(name); });
  for (const Waiter& waiter : waiters) waiter.answer({checkpoint, reader});
  if (parts_.after_publishing) parts_.after_publishing(checkpoint, begun);
}

void CheckpointKeeper::WaitOn(std::vector<Waiter> waiters) {
  std::erase_if(waiters, [](const Waiter& waiter) { return waiter.is_answered(); });
  std::lock_guard lock(mutex_);
  waiters_.insert(waiters_.begin(), waiters.begin(), waiters.end());
  in_round_ = 0;
}

}  // namespace mayfly::audit
