#include "clients/cpp/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/fakes/manual_clock.h"

namespace mayfly::client {
namespace {

class NoJitter final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override { std::ranges::fill(out, 255); }
};

Error Away(std::optional<Milliseconds> retry_after = std::nullopt) {
  Error error = Fail(ErrorCode::kStoreUnavailable, "store.lost", "away");
  error.retry_after = retry_after;
  return error;
}

TEST(WaitBeforeRetry, GrowsToTheLongest) {
  const RetryPolicy policy;
  const Milliseconds left{60'000};
  EXPECT_EQ(WaitBeforeRetry(policy, Away(), 1, left, 255), Milliseconds(250));
  EXPECT_EQ(WaitBeforeRetry(policy, Away(), 2, left, 255), Milliseconds(500));
  EXPECT_EQ(WaitBeforeRetry(policy, Away(), 1, left, 0), Milliseconds(125));
  EXPECT_EQ(WaitBeforeRetry(policy, Away(), 1000, left, 255), policy.longest_wait);
}

TEST(WaitBeforeRetry, HonoursTheServer) {
  EXPECT_EQ(WaitBeforeRetry({}, Away(Milliseconds(7000)), 1, Milliseconds(8000), 255),
            Milliseconds(7000));
}

TEST(WaitBeforeRetry, GivesUpWhereTheTimeIsNotEnough) {
  EXPECT_EQ(WaitBeforeRetry({}, Away(Milliseconds(7000)), 1, Milliseconds(7000), 255),
            std::nullopt);
}

TEST(WaitBeforeRetry, OnlyWhatMayPass) {
  for (const ErrorCode code : {ErrorCode::kPolicyDenied, ErrorCode::kBadCsr, ErrorCode::kInternal,
                               ErrorCode::kNotFound, ErrorCode::kConflict}) {
    EXPECT_EQ(WaitBeforeRetry({}, Fail(code, "x", "y"), 1, Milliseconds(9000), 255), std::nullopt);
  }
}

struct Fixture {
  fakes::ManualClock clock;
  NoJitter random;
  std::vector<Milliseconds> waits;
  RetryParts Parts() {
    return {clock,
            random,
            [this](Milliseconds wait) {
              waits.push_back(wait);
              clock.Advance(wait);
            },
            {}};
  }
};

TEST(CallWithRetry, EndsWithTheFirstSuccess) {
  Fixture fixture;
  int calls = 0;
  EXPECT_TRUE(CallWithRetry({}, fixture.Parts(), [&](Milliseconds) -> Status {
    if (++calls < 3) return Away();
    return Ok();
  }));
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(fixture.waits, (std::vector<Milliseconds>{Milliseconds(250), Milliseconds(500)}));
}

TEST(CallWithRetry, StaysWithinTheOverallTime) {
  Fixture fixture;
  const RetryPolicy policy{.overall = Milliseconds(3000), .attempt = Milliseconds(1000)};
  std::vector<Milliseconds> allowed;
  const BootTime begun = fixture.clock.BootNow();
  const auto status = CallWithRetry(policy, fixture.Parts(), [&](Milliseconds time) -> Status {
    allowed.push_back(time);
    fixture.clock.Advance(time);
    return Away();
  });
  EXPECT_EQ(status.error().rule, "store.lost");
  EXPECT_EQ(allowed,
            (std::vector<Milliseconds>{Milliseconds(1000), Milliseconds(1000), Milliseconds(250)}));
  EXPECT_LE(fixture.clock.BootNow(), begun + policy.overall);
}

TEST(CallWithRetry, AnswersForGoodAreNotRepeated) {
  Fixture fixture;
  int calls = 0;
  EXPECT_FALSE(CallWithRetry({}, fixture.Parts(), [&](Milliseconds) -> Status {
    ++calls;
    return Fail(ErrorCode::kPolicyDenied, "policy.name", "no");
  }));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace mayfly::client
