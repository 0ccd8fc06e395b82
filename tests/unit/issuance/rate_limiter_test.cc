#include "issuance/rate_limiter.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/manual_clock.h"

namespace mayfly::issuance {
namespace {

constexpr Seconds kHour{3600};

TEST(RateLimiter, GivesSoManyAtOnceAndThenAtTheRate) {
  fakes::ManualClock clock;
  RateLimiter limiter(clock);
  const std::string key = "one";
  for (int i = 0; i < 60; ++i) ASSERT_FALSE(limiter.Take(key, 60, kHour)) << i;
  EXPECT_EQ(limiter.Take(key, 60, kHour), Milliseconds(60'000));
  EXPECT_FALSE(limiter.Take("another", 60, kHour));  // another's
  clock.Advance(Seconds(45));
  EXPECT_EQ(limiter.Take(key, 60, kHour), Milliseconds(15'000));
  clock.Advance(Seconds(15));
  EXPECT_FALSE(limiter.Take(key, 60, kHour));
  EXPECT_TRUE(limiter.Take(key, 60, kHour));
  clock.Advance(Seconds(24 * 3600));
  for (int i = 0; i < 60; ++i) ASSERT_FALSE(limiter.Take(key, 60, kHour)) << i;
  EXPECT_TRUE(limiter.Take(key, 60, kHour));
}

TEST(RateLimiter, ForgetsTheKeyThatWasLookedAtLongestAgo) {
  fakes::ManualClock clock;
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

TEST(RateLimiter, WhatIsGivenBackDoesNotCount) {
  fakes::ManualClock clock;
  RateLimiter limiter(clock);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(limiter.Take("a", 2, kHour));
    limiter.GiveBack("a", 2);
  }
  limiter.GiveBack("a", 2);
  limiter.GiveBack("never taken", 2);
  EXPECT_FALSE(limiter.Take("a", 2, kHour));
  EXPECT_FALSE(limiter.Take("a", 2, kHour));
  EXPECT_TRUE(limiter.Take("a", 2, kHour)) << "never more than there are";
}

}  // namespace
}  // namespace mayfly::issuance
