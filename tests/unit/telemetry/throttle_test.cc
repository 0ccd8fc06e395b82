#include "telemetry/throttle.h"

#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"

namespace mayfly::telemetry {
namespace {

class ThrottleTest : public testing::Test {
 protected:
  fakes::ManualClock clock_;
  using Counts = std::vector<std::pair<std::string, uint64_t>>;
  Throttle throttle_{clock_, Seconds(1)};
};

TEST_F(ThrottleTest, OneInAWhileAndTheNumberOfThoseBetween) {
  EXPECT_EQ(throttle_.Pass("a"), 0u);
  clock_.Advance(Milliseconds(999));
  EXPECT_FALSE(throttle_.Pass("a"));
  EXPECT_FALSE(throttle_.Pass("a"));
  EXPECT_EQ(throttle_.Pass("b"), 0u) << "another key";
  clock_.Advance(Milliseconds(1));
  EXPECT_EQ(throttle_.Pass("a"), 2u);
  clock_.Advance(Seconds(1));
  EXPECT_EQ(throttle_.Pass("a"), 0u);
}

TEST_F(ThrottleTest, KeysAreBounded) {
  for (size_t i = 0; i < kThrottleKeysMax; ++i) {
    ASSERT_EQ(throttle_.Pass(std::to_string(i)), 0u) << i;
  }
  EXPECT_FALSE(throttle_.Pass("one too many"));
  EXPECT_FALSE(throttle_.Pass("0")) << "still known";
  clock_.Advance(Seconds(1));
  EXPECT_FALSE(throttle_.Pass("one too many"));
  EXPECT_EQ(throttle_.TakeHeldBack(), (Counts{{"0", 1}, {"others", 2}}));
  EXPECT_EQ(throttle_.Pass("one too many"), 0u);
}

TEST_F(ThrottleTest, WhatWasHeldBackLastIsCountedToo) {
  throttle_.Pass("a");
  throttle_.Pass("b");
  throttle_.Pass("b");
  EXPECT_EQ(throttle_.TakeHeldBack(), Counts()) << "more may come";
  clock_.Advance(Seconds(1));
  EXPECT_EQ(throttle_.TakeHeldBack(), (Counts{{"b", 1}}));
  EXPECT_EQ(throttle_.TakeHeldBack(), Counts());
  EXPECT_EQ(throttle_.Pass("b"), 0u);
}

}  // namespace
}  // namespace mayfly::telemetry
