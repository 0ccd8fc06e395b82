#include "telemetry/throttle.h"

#include <utility>

namespace mayfly::telemetry {

std::optional<uint64_t> Throttle::Pass(std::string_view key) {
  std::lock_guard lock(mutex_);
  const BootTime now = clock_.BootNow();
  if (const auto known = lines_.find(key); known != lines_.end()) {
    Line& line = known->second;
    if (now - line.passed_at < every_) {
      ++line.held_back;
      return std::nullopt;
    }
    line.passed_at = now;
    return std::exchange(line.held_back, 0);
  }
  if (lines_.size() >= kThrottleKeysMax) {
    std::erase_if(lines_,
                  [&](const auto& entry) { return now - entry.second.passed_at >= every_; });
    if (lines_.size() >= kThrottleKeysMax) return std::nullopt;
  }
  lines_.emplace(std::string(key), Line{now});
  return 0;
}

}  // namespace mayfly::telemetry
