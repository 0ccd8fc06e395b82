// Time and randomness are passed in, never reached for: everything that needs them takes a
// Clock& or a RandomSource&. The real ones are in system.h and are made in main's wiring only.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

namespace mayfly {

// UTC, microseconds. Certificates and the database speak of this.
using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;
using Seconds = std::chrono::seconds;
using Milliseconds = std::chrono::milliseconds;

// Time since boot, suspend included; never steps. Deadlines and leases are counted in this.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual BootTime BootNow() const = 0;
};

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Cryptographically strong octets. Cannot fail: the process ends rather than go on without.
  virtual void Fill(std::span<uint8_t> out) = 0;
};

}  // namespace mayfly
