// IssuerKeys: the keys of one issuer, kept fresh by a thread of their own. Whoever verifies a token
// reads what is there and never waits for the network; who misses a key asks for a fetch and is
// called back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "identity/jwks_source.h"
#include "identity/refresh_schedule.h"

namespace mayfly::identity {

constexpr size_t kRefreshWaitersMax = 64;

class IssuerKeys {
 public:
  // Told of every fetch that ended, on the thread of the keys: for logs and metrics.
  using Observer = std::function<void(const Result<FetchedKeys>&)>;

  // The first fetch begins at once. `clock` must outlive this.
  IssuerKeys(std::unique_ptr<JwksSource> source, const Clock& clock, RefreshLimits limits = {},
             Observer observer = nullptr);
  // Ends a fetch that is running; those who wait are told kNotFetched.
  ~IssuerKeys();
  IssuerKeys(const IssuerKeys&) = delete;
  IssuerKeys& operator=(const IssuerKeys&) = delete;

  // Null while there are none, or none that are recent enough.
  std::shared_ptr<const JwkSet> Current() const;

  enum class Outcome : uint8_t {
    kFetched,     // by a fetch that began after the question: what is not in Current() is nowhere
    kNotFetched,  // it failed, or began before, or none was begun: too soon, or too many wait
  };
  // Fetches in the background, one at a time and not too often. `done` is called once: in this call
  // where no fetch is awaited, else on the thread of the keys, and must be short.
  void Refresh(std::function<void(Outcome)> done);
  // How long it is useless to ask again.
  Milliseconds RetryAfter() const;

 private:
  using Waiters = std::vector<std::function<void(Outcome)>>;
  void Run();
  void FetchOnce(std::unique_lock<std::mutex>& lock);

  const std::unique_ptr<JwksSource> source_;
  const Clock& clock_;
  const Observer observer_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  RefreshSchedule schedule_;
  std::shared_ptr<const JwkSet> keys_;
  bool is_fetching_ = false;
  bool is_stopping_ = false;
  Waiters asking_;   // for the next fetch
  Waiters joining_;  // one that was running already
  std::atomic<bool> cancelled_ = false;
  std::thread thread_;
};

}  // namespace mayfly::identity
