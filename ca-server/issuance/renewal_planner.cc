#include "issuance/renewal_planner.h"

#include <algorithm>

namespace mayfly::issuance {
namespace {

// Wide enough that a plan is small, narrow enough that a slot is a small part of a life.
constexpr std::array<Seconds, 3> kWidths{Seconds(1), Seconds(10), Seconds(60)};
constexpr int kSlotsOfALifeMin = 360;
// Looked at before one is taken. Of 64 random slots the emptiest is nearly the emptiest of all.
constexpr int64_t kSlotsLookedAtMax = 64;

size_t WidthFor(Seconds lifetime) {
  size_t width = 0;
  while (width + 1 < kWidths.size() && lifetime / kSlotsOfALifeMin >= kWidths[width + 1]) ++width;
  return width;
}

}  // namespace

// SplitMix64 (Steele, Lea and Flood, 2014): a slot is no secret, and a system call for each that is
// looked at costs more than the look.
RenewalPlanner::Dice::Dice(RandomSource& random) {
  random.Fill({reinterpret_cast<uint8_t*>(&state_), sizeof state_});
}

int64_t RenewalPlanner::Dice::RollIn(Span span) {
  uint64_t number = state_ += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  number ^= number >> 31;
  return span.first +
         static_cast<int64_t>(number % static_cast<uint64_t>(span.last - span.first + 1));
}

RenewalPlanner::Choice RenewalPlanner::LeastPlanned(const Plans& plans, Span span) {
  Dice dice(random_);
  const int64_t slots = span.last - span.first + 1;
  const bool look_at_all = slots <= kSlotsLookedAtMax;
  // From a random one on, so that equals are taken at random.
  const int64_t start = dice.RollIn(span);
  Choice best{start, UINT32_MAX};
  for (int64_t i = 0; i < std::min(slots, kSlotsLookedAtMax); ++i) {
    const int64_t slot =
        look_at_all ? span.first + (start - span.first + i) % slots : dice.RollIn(span);
    const auto found = plans.find(slot);
    const uint32_t planned = found == plans.end() ? 0 : found->second;
    if (planned < best.planned) best = {slot, planned};
  }
  return best;
}

policy::RenewalWindow RenewalPlanner::Plan(const x509::Validity& validity, LineageAge age,
                                           TimePoint now) {
  const Seconds lifetime = validity.lifetime();
  const size_t width_index = WidthFor(lifetime);
  const Seconds width = kWidths[width_index];
  const auto slot_of = [width](TimePoint time) {
    return std::chrono::floor<Seconds>(time).time_since_epoch() / width;
  };
  const int64_t next = slot_of(now) + 1;
  const auto span = [&](Seconds from) {
    const int64_t last = std::max(next, slot_of(validity.not_before() + lifetime * 5 / 6) - 1);
    return Span{std::clamp(slot_of(validity.not_before() + from) + 1, next, last), last};
  };
  std::lock_guard lock(mutex_);
  Plans& plans = plans_[width_index];
  plans.erase(plans.begin(), plans.lower_bound(next));
  Choice choice = LeastPlanned(plans, span(lifetime * 2 / 3));
  const Choice early =
      LeastPlanned(plans, span(age == LineageAge::kFirst ? lifetime / 6 : lifetime / 2));
  if (early.planned < choice.planned) choice = early;
  ++plans[choice.slot];
  const TimePoint from{choice.slot * width};
  return {from, from + width};
}

}  // namespace mayfly::issuance
