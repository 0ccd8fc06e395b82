#include "issuance/rate_limiter.h"

#include <gtest/gtest.h>

#include <string>

namespace mayfly::issuance {
namespace {

constexpr Seconds kHour{3600};

class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(); }
  BootTime BootNow() const override { return now; }
  BootTime now{Seconds(1000)};
};

TEST(RateLimiter, GivesSoManyAtOnceAndThenAtTheRate) {
  ManualClock clock;
  RateLimiter limiter(clock);
  const std::string key = "one";
  for (int i = 0; i < 60; ++i) ASSERT_FALSE(limiter.Take(key, 60, kHour)) << i;
  EXPECT_EQ(limiter.Take(key, 60, kHour), Milliseconds(60'000));
  EXPECT_FALSE(limiter.Take("another", 60, kHour));  // another's
  clock.now += Seconds(45);
  EXPECT_EQ(limiter.Take(key, 60, kHour), Milliseconds(15'000));
  clock.now += Seconds(15);
  EXPECT_FALSE(limiter.Take(key, 60, kHour));
  EXPECT_TRUE(limiter.Take(key, 60, kHour));
  clock.now += Seconds(24 * 3600);
  for (int i = 0; i < 60; ++i) ASSERT_FALSE(limiter.Take(key, 60, kHour)) << i;
  EXPECT_TRUE(limiter.Take(key, 60, kHour));
}

TEST(RateLimiter, ForgetsTheKeyThatWasLookedAtLongestAgo) {
  ManualClock clock;
  RateLimiter limiter(clock);
  const std::string kept = "kept", forgotten = "forgotten";
  EXPECT_FALSE(limiter.Take(forgotten, 1, kHour));
  EXPECT_FALSE(limiter.Take(kept, 1, kHour));
  for (size_t i = 0; i < kRateKeysMax - 1; ++i) {
    limiter.Take(std::to_string(i), 1, kHour);
  }
  EXPECT_TRUE(limiter.Take(kept, 1, kHour));
  EXPECT_FALSE(limiter.Take(forgotten, 1, kHour));
}

}  // namespace
}  // namespace mayfly::issuance
