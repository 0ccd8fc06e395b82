#include "ocsp/decision.h"

#include <gtest/gtest.h>

#include "tests/fakes/responder_parts.h"

namespace mayfly::ocsp {
namespace {

using Standing = LedgerStatus::Standing;

const TimePoint kMade = TimePoint(std::chrono::milliseconds(0x0190a1b2c3d4));

x509::SerialNumber Ours() {
  return x509::SerialNumber::FromHex("210190a1b2c3d4000102030405060708090a0b0c").value();
}
x509::SerialNumber Foreign() { return x509::SerialNumber::FromHex("77").value(); }

Revocation Revoked() {
  return {1, {Ours(), IssuerId{1}}, RevocationReason::kKeyCompromise, kMade, kMade};
}

LedgerStatus Status(Standing standing, TimePoint database_now) {
  return {standing, std::nullopt, database_now, kMade + Seconds(86400)};
}

enum Kind { kTryLater, kGood, kRevoked, kUnknown, kUnauthorized };  // as Decision's index

Kind KindOf(const x509::SerialNumber& serial, bool remembered, Lease lease,
            std::optional<LedgerStatus> ledger) {
  std::optional<Revocation> memory;
  if (remembered) memory = Revoked();
  return static_cast<Kind>(Decide({serial, memory, lease, std::move(ledger)}).index());
}

// Every combination of memory x lease x (no answer, standing, standing revoked) x serial.
TEST(Decision, WholeTable) {
  TimePoint later = kMade + Seconds(3600);
  for (const x509::SerialNumber& serial : {Ours(), Foreign()}) {
    for (Lease lease : {Lease::kHeld, Lease::kNone}) {
      EXPECT_EQ(KindOf(serial, true, lease, std::nullopt), kRevoked);
      EXPECT_EQ(KindOf(serial, false, lease, std::nullopt), kTryLater);
      for (Standing standing :
           {Standing::kAbsent, Standing::kIntent, Standing::kAbandoned, Standing::kIssued}) {
        LedgerStatus plain = Status(standing, later), revoked = plain;
        revoked.revocation = Revoked();
        EXPECT_EQ(KindOf(serial, true, lease, plain), kRevoked);
        EXPECT_EQ(KindOf(serial, true, lease, revoked), kRevoked);
        EXPECT_EQ(KindOf(serial, false, lease, revoked), kRevoked);
        Kind expected = standing == Standing::kIssued   ? kGood
                        : standing == Standing::kIntent ? kTryLater
                                                        : kUnknown;
        if (lease == Lease::kNone) expected = kTryLater;
        EXPECT_EQ(KindOf(serial, false, lease, plain), expected) << static_cast<int>(standing);
      }
    }
  }
}

TEST(Decision, AbsenceIsFinalOnlyPastTheSerialsOwnTime) {
  auto absent = [](const x509::SerialNumber& serial, TimePoint now) {
    return KindOf(serial, false, Lease::kHeld, Status(Standing::kAbsent, now));
  };
  EXPECT_EQ(absent(Ours(), kMade - Seconds(86400)), kTryLater);
  EXPECT_EQ(absent(Ours(), kMade + kAbsenceIsFinalAfter), kTryLater);
  EXPECT_EQ(absent(Ours(), kMade + kAbsenceIsFinalAfter + std::chrono::microseconds(1)), kUnknown);
  EXPECT_EQ(absent(Foreign(), kMade - Seconds(86400)), kUnknown);
}

TEST(Decision, NoGoodWhereNoRevocationWouldBeHeardOf) {
  TimePoint last = kMade + Seconds(86400) + kGoodAfterExpiryMax;
  auto issued = [](TimePoint now) {
    return KindOf(Ours(), false, Lease::kHeld, Status(Standing::kIssued, now));
  };
  EXPECT_EQ(issued(last), kGood);
  EXPECT_EQ(issued(last + std::chrono::microseconds(1)), kUnauthorized);
}

TEST(Decision, TimesAreTheDatabases) {
  Decision decision =
      Decide({Ours(), std::nullopt, Lease::kHeld, Status(Standing::kIssued, kMade)});
  EXPECT_EQ(std::get<DecidedGood>(decision).as_of, kMade);
}

}  // namespace
}  // namespace mayfly::ocsp
