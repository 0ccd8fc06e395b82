#include "identity/refresh_schedule.h"

#include <gtest/gtest.h>

namespace mayfly::identity {
namespace {

constexpr BootTime kStart{std::chrono::hours(5)};

TEST(RefreshSchedule, BeginsAtOnceAndHasNothing) {
  const RefreshSchedule schedule{RefreshLimits{}};
  EXPECT_LE(schedule.due(), kStart);
  EXPECT_EQ(schedule.UntilAskable(kStart), Milliseconds(0));
  EXPECT_FALSE(schedule.AreKeysUsable(kStart));
}

TEST(RefreshSchedule, FetchesBeforeKeysAreStale) {
  const struct {
    std::optional<Seconds> max_age;
    Seconds due;
  } kCases[] = {{std::nullopt, Seconds(240)},  // 300 s where nothing is said
                {Seconds(1000), Seconds(800)},      {Seconds(0), Seconds(48)},       // fresh_min
                {Seconds(59), Seconds(48)},         {Seconds(3600), Seconds(2880)},  // fresh_max
                {Seconds(999999999), Seconds(2880)}};
  for (const auto& [max_age, due] : kCases) {
    RefreshSchedule schedule{RefreshLimits{}};
    schedule.Succeeded(kStart, max_age);
    EXPECT_EQ(schedule.due(), kStart + due) << due.count();
  }
}

TEST(RefreshSchedule, CanBeAskedAfterTheInterval) {
  RefreshSchedule schedule{RefreshLimits{}};
  schedule.Succeeded(kStart, std::nullopt);
  EXPECT_EQ(schedule.UntilAskable(kStart), Milliseconds(5000));
  EXPECT_EQ(schedule.UntilAskable(kStart + Milliseconds(4999)), Milliseconds(1));
  EXPECT_EQ(schedule.UntilAskable(kStart + Milliseconds(5000)), Milliseconds(0));
  EXPECT_EQ(schedule.UntilAskable(kStart + std::chrono::hours(9)), Milliseconds(0));
}

TEST(RefreshSchedule, WaitsLongerAfterEachFailure) {
  RefreshSchedule schedule{RefreshLimits{}};
  for (Seconds wait :
       {Seconds(5), Seconds(10), Seconds(20), Seconds(40), Seconds(60), Seconds(60)}) {
    schedule.Failed(kStart);
    EXPECT_EQ(schedule.due(), kStart + wait);
  }
  schedule.Succeeded(kStart, std::nullopt);
  schedule.Failed(kStart);
  EXPECT_EQ(schedule.due(), kStart + Seconds(5));
}

TEST(RefreshSchedule, KeepsKeysThroughFailuresUpToABound) {
  RefreshSchedule schedule{RefreshLimits{}};
  schedule.Succeeded(kStart, std::nullopt);
  schedule.Failed(kStart + std::chrono::hours(1));
  EXPECT_TRUE(schedule.AreKeysUsable(kStart + std::chrono::hours(24) - Milliseconds(1)));
  EXPECT_FALSE(schedule.AreKeysUsable(kStart + std::chrono::hours(24)));
}

}  // namespace
}  // namespace mayfly::identity
