#include "issuance/rate_limiter.h"

#include <gtest/gtest.h>

#include "base/system.h"

namespace mayfly::issuance {
namespace {

class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(); }
  BootTime BootNow() const override { return now; }
  BootTime now{Seconds(1000)};
};

TEST(RateLimiter, GivesSoManyAtOnceAndThenAtTheRate) {
  ManualClock clock;
  SystemRandom random;
  RateLimiter limiter(clock);
  const Uuid key = Uuid::MakeV7(TimePoint(), random);
  for (int i = 0; i < 60; ++i) ASSERT_FALSE(limiter.Take(key, 60)) << i;
  EXPECT_EQ(limiter.Take(key, 60), Milliseconds(60'000));
  EXPECT_FALSE(limiter.Take(Uuid::MakeV7(TimePoint(), random), 60));  // another's
  clock.now += Seconds(45);
  EXPECT_EQ(limiter.Take(key, 60), Milliseconds(15'000));
  clock.now += Seconds(15);
  EXPECT_FALSE(limiter.Take(key, 60));
  EXPECT_TRUE(limiter.Take(key, 60));
  clock.now += Seconds(24 * 3600);
  for (int i = 0; i < 60; ++i) ASSERT_FALSE(limiter.Take(key, 60)) << i;
  EXPECT_TRUE(limiter.Take(key, 60));
}

TEST(RateLimiter, ForgetsTheKeyThatWasLookedAtLongestAgo) {
  ManualClock clock;
  SystemRandom random;
  RateLimiter limiter(clock);
  const Uuid kept = Uuid::MakeV7(TimePoint(), random),
             forgotten = Uuid::MakeV7(TimePoint(), random);
  EXPECT_FALSE(limiter.Take(forgotten, 1));
  EXPECT_FALSE(limiter.Take(kept, 1));
  for (size_t i = 0; i < kRateKeysMax - 1; ++i) {
    limiter.Take(Uuid::MakeV7(TimePoint(), random), 1);
  }
  EXPECT_TRUE(limiter.Take(kept, 1));
  EXPECT_FALSE(limiter.Take(forgotten, 1));
}

}  // namespace
}  // namespace mayfly::issuance
