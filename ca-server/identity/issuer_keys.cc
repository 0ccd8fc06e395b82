#include "identity/issuer_keys.h"

#include <utility>

namespace mayfly::identity {

IssuerKeys::IssuerKeys(std::unique_ptr<JwksSource> source, const Clock& clock, RefreshLimits limits,
                       Observer observer)
    : source_(std::move(source)),
      clock_(clock),
      observer_(std::move(observer)),
      schedule_(limits),
      thread_([this] { Run(); }) {}

IssuerKeys::~IssuerKeys() {
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  cancelled_ = true;
  wake_.notify_all();
  thread_.join();
  for (const auto& done : asking_) done(Outcome::kNotFetched);
}

std::shared_ptr<const JwkSet> IssuerKeys::Current() const {
  std::lock_guard lock(mutex_);
  return schedule_.AreKeysUsable(clock_.BootNow()) ? keys_ : nullptr;
}

Milliseconds IssuerKeys::RetryAfter() const {
  std::lock_guard lock(mutex_);
  return schedule_.UntilAskable(clock_.BootNow());
}

void IssuerKeys::Refresh(std::function<void(Outcome)> done) {
  {
    std::lock_guard lock(mutex_);
    const bool has_room = asking_.size() + joining_.size() < kRefreshWaitersMax;
    if (has_room && is_fetching_) {
      joining_.push_back(std::move(done));
      return;
    }
    const bool may_ask =
        !asking_.empty() || schedule_.UntilAskable(clock_.BootNow()) == Milliseconds(0);
    if (has_room && may_ask && !is_stopping_) {
      asking_.push_back(std::move(done));
      wake_.notify_all();
      return;
    }
  }
  done(Outcome::kNotFetched);
}

void IssuerKeys::Run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    const BootTime now = clock_.BootNow();
    if (!asking_.empty() || now >= schedule_.due()) {
      FetchOnce(lock);
    } else {
      wake_.wait_for(lock, schedule_.due() - now);
    }
  }
}

void IssuerKeys::FetchOnce(std::unique_lock<std::mutex>& lock) {
  is_fetching_ = true;
  const Waiters asked = std::exchange(asking_, {});
  lock.unlock();
  const Result<FetchedKeys> fetched = source_->Fetch(cancelled_);
  if (observer_ && !cancelled_) observer_(fetched);
  lock.lock();
  is_fetching_ = false;
  if (fetched) {
    keys_ = fetched->keys;
    schedule_.Succeeded(clock_.BootNow(), fetched->max_age);
  } else {
    schedule_.Failed(clock_.BootNow());
  }
  const Waiters joined = std::exchange(joining_, {});
  // Those who are called may ask again.
  lock.unlock();
  for (const auto& done : asked) done(fetched ? Outcome::kFetched : Outcome::kNotFetched);
  for (const auto& done : joined) done(Outcome::kNotFetched);
  lock.lock();
}

}  // namespace mayfly::identity
