#include "clients/cpp/retry.h"

#include <algorithm>
#include <array>

namespace mayfly::client {

bool IsTransient(ErrorCode code) {
  switch (code) {
    case ErrorCode::kSignerUnavailable:
    case ErrorCode::kStoreUnavailable:
    case ErrorCode::kCommitInDoubt:
    case ErrorCode::kOverloaded:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kShuttingDown:
      return true;
    default:
      return false;
  }
}

std::optional<Milliseconds> WaitBeforeRetry(const RetryPolicy& policy, const Error& error,
                                            int attempt, Milliseconds time_left, uint8_t jitter) {
  if (!IsTransient(error.code)) return std::nullopt;
  // 2^20 first waits is beyond any longest wait; the shift stays in range.
  const Milliseconds grown = policy.first_wait * (1 << std::clamp(attempt - 1, 0, 20));
  const Milliseconds backoff = std::min(grown, policy.longest_wait);
  const Milliseconds varied = backoff / 2 + backoff / 2 * jitter / 255;
  const Milliseconds wait = std::max(varied, error.retry_after.value_or(Milliseconds(0)));
  if (wait >= time_left) return std::nullopt;
  return wait;
}

Status CallWithRetry(const RetryPolicy& policy, const RetryParts& parts,
                     const std::function<Status(Milliseconds)>& attempt) {
  const BootTime end = parts.clock.BootNow() + policy.overall;
  const auto left = [&] {
    return std::chrono::duration_cast<Milliseconds>(end - parts.clock.BootNow());
  };
  for (int n = 1;; ++n) {
    const Status status = attempt(std::min(policy.attempt, left()));
    if (status) return status;
    std::array<uint8_t, 1> jitter;
    parts.random.Fill(jitter);
    const auto wait = WaitBeforeRetry(policy, status.error(), n, left(), jitter[0]);
    if (!wait) return status;
    if (parts.on_retry) parts.on_retry(status.error(), *wait);
    parts.sleep(*wait);
  }
}

}  // namespace mayfly::client
