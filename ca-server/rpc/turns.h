// Turns: which of the calls that wait is at work next, so that no principal's load is another's
// delay.
//
// Each principal has a queue of its own, in order of arrival, and so many calls at work at most:
// few while others ask too, since a call that has begun waits for whatever is at work beside it;
// more while nobody else does, since many at a time cost less each.
// Among the heads of the queues the one goes first whose principal has had the fewest turns while
// it waited (start-time fair queueing); of those, whose certificate ends first. Nobody waits for
// ever: who has seen kTurnsOvertakenMax turns of others goes before all who come later. Where too
// many wait, the call that would be served last is the one that is refused, be it the new one or
// not; each refusal in a row lets its principal start a turn sooner at the next try.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"
#include "rpc/place.h"

namespace mayfly::rpc {

struct TurnLimits {
  size_t at_work_max;                   // of all principals together
  size_t waiting_max;                   // of all principals together
  size_t principal_at_work_max;         // of one, alone
  size_t principal_at_work_shared_max;  // of one, while others ask too; never more than alone
  size_t principal_waiting_max;         // of one
};

// However many come with certificates that end sooner.
constexpr uint64_t kTurnsOvertakenMax = 64;

// Refusals in a row that count, and principals of whom they are remembered.
constexpr uint64_t kCreditMax = 8;
constexpr size_t kRefusedMax = 4096;

// Who has asked for this long counts as one who asks.
constexpr Seconds kPrincipalAsks{60};

// How long somebody who was refused should wait before the next try.
constexpr Milliseconds kTurnRetryAfter{500};

// Must outlive its turns.
class Turns {
 public:
  Turns(TurnLimits limits, const Clock& clock, Executor& executor)
      : limits_(limits), clock_(clock), executor_(executor) {}
  Turns(const Turns&) = delete;

  // A place at work, given back when it goes.
  using Turn = Place<Turns>;

  // Waits for a turn. `expires`: when what proves the principal ends. Errors: kOverloaded
  // "rpc.principal-calls" (this principal has too many calls waiting), "rpc.waiting" (all have).
  Task<Result<Turn>> Take(std::string principal, TimePoint expires);

  size_t waiting() const;
  size_t principals() const;  // with a call at work or waiting

 private:
  friend Turn;
  using Answer = Completion<Result<Turn>>;
  // Smaller is sooner.
  struct Rank {
    uint64_t start;     // the virtual time of its start: grows with each turn of its principal
    TimePoint expires;  // of what proves the principal
    uint64_t arrival;
    friend auto operator<=>(const Rank&, const Rank&) = default;
  };
  struct Waiter {
    Rank rank;
    Answer answer;
  };
  struct Account {
    size_t at_work = 0;
    uint64_t next_start = 0;
    std::deque<Waiter> waiting;
  };
  using Accounts = std::map<std::string, Account, std::less<>>;
  // Answers that are due, to be set when the lock is gone.
  using Due = std::vector<std::pair<Answer, Result<Turn>>>;

  uint64_t CreditOf(const std::string& principal) const;
  void NoteRefused(const std::string& principal);
  void NoteAsking(const std::string& principal);
  bool OthersAsk(const std::string& principal) const;
  bool MayWork(const std::string& principal) const;
  void Start(const std::string& principal, Account& account, Due& due);
  void Enqueue(const std::string& principal, Account& account, Waiter waiter);
  // Takes the call that would be served last out of the queues; false where `newest` is it.
  bool ShedFor(const Rank& newest, Due& due);
  void StartWhatMay(Due& due);
  void GiveBack(const std::string& principal);
  void ForgetIfIdle(Accounts::iterator account);

  const TurnLimits limits_;
  const Clock& clock_;
  Executor& executor_;
  mutable std::mutex mutex_;
  Accounts accounts_;                             // of those with a call at work or waiting
  std::set<std::pair<Rank, std::string>> heads_;  // of the queues
  // Who asked last and when, and when somebody else did. Enough to tell everybody whether they are
  // alone.
  std::string latest_;
  BootTime latest_asked_{};
  std::optional<BootTime> others_asked_;
  size_t at_work_ = 0;
  size_t waiting_ = 0;
  struct Refusals {
    uint64_t count;
    BootTime latest;
  };
  std::map<std::string, Refusals, std::less<>> refused_;  // since they last had a turn
  // Virtual: the start of the latest turn, or one for kTurnsOvertakenMax turns.
  uint64_t now_ = kCreditMax;
  uint64_t turns_ = 0;
  uint64_t arrivals_ = 0;
};

}  // namespace mayfly::rpc
