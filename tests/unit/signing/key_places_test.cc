#include "signing/key_places.h"

#include <gtest/gtest.h>

namespace mayfly::signing {
namespace {

const Error kAway = Fail(ErrorCode::kSignerUnavailable, "signer.away", "away");
constexpr BootTime kStart{std::chrono::hours(1)};

class KeyPlacesTest : public testing::Test {
 protected:
  bool FailInARow(size_t place, int times) {
    bool changed = false;
    for (int i = 0; i < times; ++i) changed = places_.Failed(place, kAway, kStart) || changed;
    return changed;
  }
  PlaceState StateOf(size_t place) const { return places_.StandingOf(place).state; }
  KeyPlaces places_{{"a", "b"}};
};

TEST_F(KeyPlacesTest, AreAskedInTurn) {
  EXPECT_EQ(places_.Next(), 0u);
  EXPECT_EQ(places_.Next(), 1u);
  EXPECT_EQ(places_.Next(), 0u);
  EXPECT_EQ(places_.Next(1), 0u) << "rather than the one that just failed";
}

TEST_F(KeyPlacesTest, OneIsOutAfterSoManyFailuresInARowAndNotBefore) {
  EXPECT_FALSE(FailInARow(0, kFailuresInARowMax - 1));
  EXPECT_FALSE(places_.Succeeded(0));
  EXPECT_FALSE(FailInARow(0, kFailuresInARowMax - 1)) << "counted anew";
  EXPECT_TRUE(FailInARow(0, 1));
  EXPECT_EQ(StateOf(0), PlaceState::kOut);
  EXPECT_EQ(places_.StandingOf(0).why->rule, "signer.away");
  EXPECT_EQ(places_.Next(), 1u);
  EXPECT_EQ(places_.Next(), 1u);
  EXPECT_EQ(places_.Best(), PlaceState::kInService);
}

TEST_F(KeyPlacesTest, ThoseThatAreOutAreAskedWhereNoneIsInService) {
  places_.TakeOut(0, kAway, kStart);
  places_.TakeOut(1, kAway, kStart);
  EXPECT_EQ(places_.Best(), PlaceState::kOut);
  EXPECT_EQ(places_.Next(), 0u);
  EXPECT_EQ(places_.Next(), 1u);
  EXPECT_TRUE(places_.Succeeded(1));
  EXPECT_EQ(places_.Next(), 1u);
  EXPECT_FALSE(places_.StandingOf(1).why);
}

TEST_F(KeyPlacesTest, OneThatIsOutIsLookedAtAfterPausesThatGrow) {
  BootTime now = kStart;
  places_.TakeOut(0, kAway, now);
  for (Milliseconds pause : {kOutMin, 2 * kOutMin, 4 * kOutMin, kOutMax, kOutMax}) {
    EXPECT_FALSE(places_.MayReturn(0, now + pause - Milliseconds(1)));
    now += pause;
    EXPECT_TRUE(places_.MayReturn(0, now));
    EXPECT_FALSE(places_.TakeOut(0, kAway, now)) << "out it was";
  }
  places_.Succeeded(0);
  EXPECT_FALSE(places_.MayReturn(0, now + kOutMax)) << "it has returned";
  places_.TakeOut(0, kAway, now);
  EXPECT_TRUE(places_.MayReturn(0, now + kOutMin));
}

TEST_F(KeyPlacesTest, WhatIsQuarantinedIsNotAskedUntilItIsLetBack) {
  EXPECT_TRUE(places_.SetApart(0, kAway));
  EXPECT_FALSE(places_.SetApart(0, kAway));
  EXPECT_FALSE(places_.Succeeded(0)) << "a job that was under way";
  EXPECT_FALSE(places_.TakeOut(0, kAway, kStart));
  EXPECT_FALSE(places_.Failed(0, kAway, kStart));
  EXPECT_EQ(StateOf(0), PlaceState::kQuarantined);
  EXPECT_EQ(places_.Next(), 1u);
  places_.SetApart(1, kAway);
  EXPECT_FALSE(places_.Next());
  EXPECT_EQ(places_.Best(), PlaceState::kQuarantined);

  EXPECT_TRUE(places_.LetBack(0, kStart));
  EXPECT_FALSE(places_.LetBack(0, kStart));
  EXPECT_EQ(StateOf(0), PlaceState::kOut) << "a canary first";
  EXPECT_TRUE(places_.MayReturn(0, kStart));
}

}  // namespace
}  // namespace mayfly::signing
