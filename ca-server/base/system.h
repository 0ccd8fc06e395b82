// The real clock and the real random source. Made by wiring (and by the clients' main) only.
#pragma once

#include "base/clock.h"

namespace mayfly {

class SystemClock final : public Clock {
 public:
  TimePoint Now() const override;
  BootTime BootNow() const override;  // CLOCK_BOOTTIME
};

class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override;  // getrandom(2)
};

}  // namespace mayfly
