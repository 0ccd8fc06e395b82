#include "identity/refresh_schedule.h"

#include <algorithm>

namespace mayfly::identity {

void RefreshSchedule::Succeeded(BootTime now, std::optional<Seconds> max_age) {
  ended_ = succeeded_ = now;
  retry_ = Milliseconds(0);
  const Milliseconds wanted = max_age ? Milliseconds(*max_age) : limits_.fresh_default;
  due_ = now + std::clamp(wanted, limits_.fresh_min, limits_.fresh_max) * 4 / 5;
}

void RefreshSchedule::Failed(BootTime now) {
  ended_ = now;
  retry_ = std::clamp(retry_ * 2, limits_.interval_min, limits_.retry_max);
  due_ = now + retry_;
}

Milliseconds RefreshSchedule::UntilAskable(BootTime now) const {
  if (!ended_) return Milliseconds(0);
  const auto left = *ended_ + limits_.interval_min - now;
  return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(left));
}

bool RefreshSchedule::AreKeysUsable(BootTime now) const {
  return succeeded_ && now < *succeeded_ + limits_.kept_max;
}

}  // namespace mayfly::identity
