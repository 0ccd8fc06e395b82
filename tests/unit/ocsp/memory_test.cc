#include "ocsp/memory.h"

#include <gtest/gtest.h>

#include "tests/fakes/responder_parts.h"

namespace mayfly::ocsp {
namespace {

struct MemoryTest : testing::Test {
  static CertificateKey Key(const char* hex) {
    return {x509::SerialNumber::FromHex(hex).value(), IssuerId{1}};
  }
  CachedAnswer Cached(uint8_t mark) {
    return {Bytes{mark}, {clock.Now(), clock.Now()}, clock.BootNow() + Seconds(60)};
  }
  bool CacheGood(ResponderMemory& memory, const CertificateKey& key, CertIdForm form) {
    auto signing = memory.BeginGood(key, clock.BootNow() + Seconds(1));
    return signing && signing->Release(form, Cached(1));
  }
  fakes::ManualClock clock{TimePoint(Seconds(1'800'000'000))};
};

TEST_F(MemoryTest, CacheIsBoundedAndDropsTheOldest) {
  ResponderMemory memory(clock, 2);
  memory.RenewLease(clock.BootNow() + Seconds(100));
  for (const char* serial : {"01", "02"}) {
    ASSERT_TRUE(CacheGood(memory, Key(serial), CertIdForm::kSha1));
  }
  EXPECT_TRUE(memory.Find(Key("01"), CertIdForm::kSha1));
  ASSERT_TRUE(CacheGood(memory, Key("03"), CertIdForm::kSha1));
  EXPECT_FALSE(memory.Find(Key("01"), CertIdForm::kSha1));
  EXPECT_TRUE(memory.Find(Key("02"), CertIdForm::kSha1));
  EXPECT_TRUE(memory.Find(Key("03"), CertIdForm::kSha1));
}

TEST_F(MemoryTest, RevocationKillsEveryForm) {
  ResponderMemory memory(clock);
  memory.RenewLease(clock.BootNow() + Seconds(100));
  for (CertIdForm form : kCertIdForms) ASSERT_TRUE(CacheGood(memory, Key("01"), form));
  ASSERT_TRUE(CacheGood(memory, Key("02"), CertIdForm::kSha1));
  memory.Apply({{5, Key("01"), RevocationReason::kSuperseded, clock.Now(), clock.Now()}});
  for (CertIdForm form : kCertIdForms) EXPECT_FALSE(memory.Find(Key("01"), form));
  EXPECT_TRUE(memory.Find(Key("02"), CertIdForm::kSha1));
  EXPECT_FALSE(memory.BeginGood(Key("01"), clock.BootNow() + Seconds(1)));
  EXPECT_EQ(memory.applied(), 5u);
}

TEST_F(MemoryTest, ForgetsOnlyWhatExpiredLongAgo) {
  ResponderMemory memory(clock);
  memory.Apply({{1, Key("01"), RevocationReason::kSuperseded, clock.Now(), clock.Now()}});
  memory.RememberIssued(Key("01"), clock.Now());
  const TimePoint kept_until = clock.Now() + kRevocationKeptAfterExpiry;
  memory.Purge(kept_until);
  EXPECT_TRUE(memory.RevocationOf(Key("01")));
  EXPECT_TRUE(memory.IssuedUntil(Key("01")));
  memory.Purge(kept_until + Milliseconds(1));
  EXPECT_FALSE(memory.RevocationOf(Key("01")));
  EXPECT_FALSE(memory.IssuedUntil(Key("01"))) << "or it would be good without being asked for";
}

TEST_F(MemoryTest, RevokedAnswersAreCachedOnlyBesideTheirRevocation) {
  ResponderMemory memory(clock);
  memory.CacheRevoked(Key("01"), CertIdForm::kSha1, Cached(1));
  memory.RenewLease(clock.BootNow() + Seconds(100));
  EXPECT_FALSE(memory.Find(Key("01"), CertIdForm::kSha1));
}

}  // namespace
}  // namespace mayfly::ocsp
