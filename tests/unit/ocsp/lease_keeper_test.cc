#include "ocsp/lease_keeper.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/fakes/eventually.h"
#include "tests/fakes/responder_world.h"

namespace mayfly::ocsp {
namespace {

using fakes::Eventually;
using fakes::GoldenKey;
using fakes::ResponderWorld;

constexpr Seconds kLease{10};

struct LeaseKeeperTest : testing::Test, ResponderWorld {
  LeaseKeeperTest() { memory.EndLease(); }
  void Start() {
    keeper = std::make_unique<LeaseKeeper>(
        LeaseKeeperParts{clock, feed, memory, kLease, fakes::kGoldenAnswerLife});
  }
  std::unique_ptr<LeaseKeeper> keeper;
};

TEST_F(LeaseKeeperTest, HoldsALeaseAfterTheFirstLoad) {
  feed.SetDown(true);
  Start();
  EXPECT_TRUE(Eventually([&] { return keeper->Trouble().error().rule == "store.down"; }));
  EXPECT_FALSE(memory.LeaseHolds());
  feed.SetDown(false);
  EXPECT_TRUE(Eventually([&] { return memory.LeaseHolds(); }));
  EXPECT_TRUE(Eventually([&] { return keeper->Trouble().has_value(); }));
}

TEST_F(LeaseKeeperTest, LeaseEndsByTheBootClockWithAMargin) {
  Start();
  ASSERT_TRUE(Eventually([&] { return memory.LeaseHolds(); }));
  feed.SetDown(true);
  ASSERT_TRUE(Eventually([&] { return !keeper->Trouble(); }));
  clock.Advance(kLease - kLease / kLeaseMarginDivisor - Milliseconds(1));
  EXPECT_TRUE(memory.LeaseHolds());
  clock.Advance(Milliseconds(1));
  EXPECT_FALSE(memory.LeaseHolds());
}

TEST_F(LeaseKeeperTest, LeaseIsCountedFromBeforeTheRowWasSent) {
  feed.on_write = [this] { clock.Advance(kLease); };
  Start();
  ASSERT_TRUE(Eventually([&] { return feed.writes() >= 2; }));
  EXPECT_FALSE(memory.LeaseHolds());
}

TEST_F(LeaseKeeperTest, AppliesPagesInOrder) {
  x509::SerialNumber last = fakes::GoldenSerial();
  for (uint64_t number = 1; number <= kRevocationsPageMax + 1; ++number) {
    last = x509::SerialNumber::Make(x509::LifetimeClass::kUpTo7Days, clock.Now(), random);
    Revocation revocation = GoldenRevocation(number);
    revocation.key.serial = last;
    feed.Add(revocation);
  }
  Start();
  EXPECT_TRUE(Eventually([&] { return feed.lease_applied() == kRevocationsPageMax + 1; }));
  EXPECT_TRUE(memory.RevocationOf({last, fakes::kGoldenIssuer}));
}

// A revocation that is committed while the row is under way may be acknowledged without us.
TEST_F(LeaseKeeperTest, LoadsAgainBeforeTheLeaseCounts) {
  bool added = false, known_under_lease = true;
  feed.on_load = [&] {
    if (memory.LeaseHolds()) known_under_lease &= memory.RevocationOf(GoldenKey()).has_value();
  };
  feed.on_write = [&] {
    if (!added) feed.Add(GoldenRevocation());
    added = true;
  };
  Start();
  ASSERT_TRUE(Eventually([&] { return feed.lease_applied() == 1u; }));
  keeper.reset();
  EXPECT_TRUE(known_under_lease);
}

TEST_F(LeaseKeeperTest, RowWaitsForAGoodThatIsBeingSigned) {
  Start();
  ASSERT_TRUE(Eventually([&] { return memory.LeaseHolds(); }));
  signer.Hold();
  Answer answer;
  std::thread asking([&] { answer = Ask("sha1.der"); });
  signer.AwaitHeld();
  feed.Add(GoldenRevocation());
  ASSERT_TRUE(Eventually([&] { return memory.applied() == 1u; }));
  std::this_thread::sleep_for(Milliseconds(200));
  EXPECT_EQ(feed.lease_applied(), 0u);  // nobody may acknowledge it yet
  signer.LetGo();
  asking.join();
  EXPECT_TRUE(std::holds_alternative<RevokedStatus>(
      ParsedResponse::FromDer(answer.der)->basic->data.status));
  EXPECT_TRUE(Eventually([&] { return feed.lease_applied() == 1u; }));
}

TEST_F(LeaseKeeperTest, RowWaitsNoLongerThanTheSignersDeadline) {
  Start();
  ASSERT_TRUE(Eventually([&] { return memory.LeaseHolds(); }));
  std::optional<GoodSigning> stuck = memory.BeginGood(GoldenKey(), clock.BootNow() + Seconds(3));
  ASSERT_TRUE(stuck);
  feed.Add(GoldenRevocation());
  ASSERT_TRUE(Eventually([&] { return memory.applied() == 1u; }));
  clock.Advance(Seconds(3));
  EXPECT_TRUE(Eventually([&] { return feed.lease_applied() == 1u; }));
  EXPECT_FALSE(stuck->Release(CertIdForm::kSha1, std::nullopt));
}

TEST_F(LeaseKeeperTest, GivesTheLeaseBack) {
  Start();
  ASSERT_TRUE(Eventually([&] { return memory.LeaseHolds(); }));
  std::optional<GoodSigning> signing = memory.BeginGood(GoldenKey(), clock.BootNow() + Seconds(3));
  ASSERT_TRUE(signing);
  std::thread stopping([&] { keeper.reset(); });
  ASSERT_TRUE(Eventually([&] { return !memory.LeaseHolds(); }));
  std::this_thread::sleep_for(Milliseconds(50));
  EXPECT_TRUE(feed.lease_applied());
  EXPECT_FALSE(signing->Release(CertIdForm::kSha1, std::nullopt));
  signing.reset();
  stopping.join();
  EXPECT_FALSE(feed.lease_applied());
}

}  // namespace
}  // namespace mayfly::ocsp
