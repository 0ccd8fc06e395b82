// Trying again, with the same request id, until an answer or the end of the time allowed.
#pragma once

#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::client {

struct RetryPolicy {
  Milliseconds overall{15'000};  // all attempts and waits together
  Milliseconds attempt{10'000};  // one attempt
  Milliseconds first_wait{250};  // doubled each time, a server's RetryInfo is honoured where longer
  Milliseconds longest_wait{5'000};
};

// May the same request succeed later? UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, as the
// codes they are decoded to.
bool IsTransient(ErrorCode code);

// How long to wait after attempt `attempt` (1, 2, ...) failed with `error`; nothing: give up, since
// a retry cannot help or would begin after `time_left`. `jitter` is 0..255: half of the wait
// varies, so that clients cut off together do not come back together.
std::optional<Milliseconds> WaitBeforeRetry(const RetryPolicy& policy, const Error& error,
                                            int attempt, Milliseconds time_left, uint8_t jitter);

// What a caller may show while it waits.
using OnRetry = std::function<void(const Error& error, Milliseconds wait)>;

struct RetryParts {
  const Clock& clock;
  RandomSource& random;
  std::function<void(Milliseconds)> sleep;
  OnRetry on_retry;  // may be empty
};

// Calls `attempt(time allowed)` until it succeeds, fails for good or the time is over; the last
// error then.
Status CallWithRetry(const RetryPolicy& policy, const RetryParts& parts,
                     const std::function<Status(Milliseconds)>& attempt);

}  // namespace mayfly::client
