// Keeps the checkpoint young: does the sequencer's rounds on a thread of its own, and is the gate
// by which everything is released.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "audit/sequencer.h"
#include "base/executor.h"
#include "ports/release_gate.h"
#include "tlog/log_reader.h"

namespace mayfly::audit {

constexpr Seconds kRoundEvery{1};
// Whoever waits for a checkpoint has a round begin sooner, and not more often than this.
constexpr Milliseconds kRoundPauseMin{100};

struct KeeperParts {
  Sequencer& sequencer;  // the thread's alone
  LogStorage& storage;
  const Clock& clock;
  Timer& timer;
  Executor& executor;  // where those who wait go on
  Seconds checkpoint_age_max;
  // After each round: what it said.
  std::function<void(const Status&)> after_round;
  // After a checkpoint is published, which covers what came before this time.
  std::function<void(const PublishedCheckpoint&, BootTime)> after_publishing = {};
  // What a release needs besides.
  std::function<Status()> also_needed = {};
};

class CheckpointKeeper final : public ReleaseGate {
 public:
  explicit CheckpointKeeper(KeeperParts parts) : parts_(std::move(parts)) {}
  ~CheckpointKeeper() override;  // answers who waits with kShuttingDown

  void Start();

  Status MayRelease() const override;
  Task<Status> WaitForCheckpoint(BootTime deadline) override;
  Task<Result<InclusionProof>> Prove(std::string issuer, x509::SerialNumber serial,
                                     BootTime deadline) override;

  struct Standing {
    uint64_t size = 0;                // of the newest checkpoint
    std::optional<Milliseconds> age;  // nothing: there is none yet
    size_t waiting = 0;               // calls
  };
  Standing Now() const;

 private:
  // A checkpoint that is out, and its log to read from.
  struct Published {
    const PublishedCheckpoint& checkpoint;
    tlog::LogReader& reader;
  };
  struct Waiter {
    std::function<void(Published)> answer;
    std::function<void(Error)> fail;
    std::function<bool()> is_answered;
  };
  template <class T>
  Task<Result<T>> WaitFor(std::function<Result<T>(Published)> work, BootTime deadline);
  void Run();
  void DoRound();
  void Answer(const PublishedCheckpoint& checkpoint, BootTime begun,
              const std::vector<Waiter>& waiters);
  void WaitOn(std::vector<Waiter> waiters);
  Result<InclusionProof> ProofOf(Published published, const std::string& issuer,
                                 const x509::SerialNumber& serial) const;

  const KeeperParts parts_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Waiter> waiters_;  // for the next round
  size_t in_round_ = 0;          // those whom the round under way will answer
  uint64_t size_ = 0;
  // When the round began that published the newest checkpoint: it covers what came before.
  std::optional<BootTime> covered_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mayfly::audit
