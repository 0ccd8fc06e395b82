#include "telemetry/throttle.h"

#include <utility>

namespace mayfly::telemetry {

std::string NotLogged(uint64_t held_back) { return held_back > 0 ? std::to_string(held_back) : ""; }

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
    ++others_held_back_;
    return std::nullopt;
  }
  lines_.emplace(std::string(key), Line{now});
  return 0;
}

std::vector<std::pair<std::string, uint64_t>> Throttle::TakeHeldBack() {
  std::lock_guard lock(mutex_);
  const BootTime now = clock_.BootNow();
  std::vector<std::pair<std::string, uint64_t>> held_back;
  std::erase_if(lines_, [&](const auto& entry) {
    const auto& [key, line] = entry;
    if (now - line.passed_at < every_) return false;
    if (line.held_back > 0) held_back.emplace_back(key, line.held_back);
    return true;
  });
  if (others_held_back_ > 0) {
    held_back.emplace_back(kOtherKeys, std::exchange(others_held_back_, 0));
  }
  return held_back;
}

}  // namespace mayfly::telemetry
