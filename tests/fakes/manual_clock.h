// A clock that stands still until told; any thread.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace mayfly::fakes {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint now = {}) : now_us_(now.time_since_epoch().count()) {}
  TimePoint Now() const override { return TimePoint(std::chrono::microseconds(now_us_.load())); }
  BootTime BootNow() const override { return BootTime(std::chrono::nanoseconds(boot_ns_.load())); }
  void Advance(Milliseconds by) {
    now_us_ += std::chrono::microseconds(by).count();
    boot_ns_ += std::chrono::nanoseconds(by).count();
  }

 private:
  std::atomic<int64_t> now_us_;
  std::atomic<int64_t> boot_ns_ = 1'000'000'000'000;
};

}  // namespace mayfly::fakes
