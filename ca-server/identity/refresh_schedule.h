// RefreshSchedule: when an issuer's keys are fetched, and how long old ones are good. No I/O, no
// clock.
#pragma once

#include <optional>

#include "base/clock.h"

namespace mayfly::identity {

struct RefreshLimits {
  // How long keys are fresh: what their source says, held between these. A key that the issuer has
  // taken away verifies tokens for that long.
  Milliseconds fresh_min{60'000}, fresh_default{300'000}, fresh_max{3'600'000};
  // Between the end of a fetch and the next one that somebody asks for: tokens with invented key
  // ids must not become a flood at the issuer.
  Milliseconds interval_min{5'000};
  // After failures the waits double, from interval_min up to this.
  Milliseconds retry_max{60'000};
  // Keys stay usable while their source is away, for this long after they were last fetched.
  Milliseconds kept_max{24 * 3'600'000};
};

// For files: looking costs nothing.
constexpr RefreshLimits kFileRefreshLimits{.fresh_min = Milliseconds(5'000),
                                           .fresh_default = Milliseconds(5'000),
                                           .fresh_max = Milliseconds(5'000),
                                           .interval_min = Milliseconds(1'000),
                                           .retry_max = Milliseconds(5'000)};

class RefreshSchedule {
 public:
  explicit RefreshSchedule(RefreshLimits limits) : limits_(limits) {}

  void Succeeded(BootTime now, std::optional<Seconds> max_age);
  void Failed(BootTime now);

  // When the next fetch begins by itself: at four fifths of the freshness, so that nobody waits.
  BootTime due() const { return due_; }
  // How long until a fetch may be asked for; zero: now.
  Milliseconds UntilAskable(BootTime now) const;
  bool AreKeysUsable(BootTime now) const;

 private:
  RefreshLimits limits_;
  BootTime due_{};
  std::optional<BootTime> ended_, succeeded_;
  Milliseconds retry_{0};
};

}  // namespace mayfly::identity
