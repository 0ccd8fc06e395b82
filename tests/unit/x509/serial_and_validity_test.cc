#include <gtest/gtest.h>

#include "golden.h"
#include "x509/serial_number.h"
#include "x509/validity.h"

namespace mayfly::x509 {
namespace {

using std::chrono::days;

class CountingRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override {
    filled += out.size();
    for (uint8_t& octet : out) octet = next++;
  }
  size_t filled = 0;
  uint8_t next = 0xa0;
};

constexpr TimePoint kNow{std::chrono::milliseconds(0x01994f0a1b2c)};

TEST(SerialNumber, HasTheFormatOfTheHeader) {
  CountingRandom random;
  auto serial = SerialNumber::Make(LifetimeClass::kUpTo100Days, kNow, random);
  EXPECT_EQ(serial.Hex(), "2201994f0a1b2ca0a1a2a3a4a5a6a7a8a9aaabac");
  EXPECT_EQ(random.filled, 13u);
  EXPECT_EQ(serial.lifetime_class(), LifetimeClass::kUpTo100Days);
  EXPECT_EQ(serial.issued_at(), kNow);
  EXPECT_EQ(*SerialNumber::FromHex(serial.Hex()), serial);
  EXPECT_EQ(*SerialNumber::FromIntegerContents(serial.octets()), serial);
}

TEST(SerialNumber, OrderIsByClassThenTime) {
  CountingRandom random;
  auto early = SerialNumber::Make(LifetimeClass::kUpTo7Days, kNow, random);
  random.next = 0;
  auto later = SerialNumber::Make(LifetimeClass::kUpTo7Days, kNow + Milliseconds(1), random);
  auto longer = SerialNumber::Make(LifetimeClass::kLonger, kNow - days(1), random);
  EXPECT_LT(early, later);
  EXPECT_LT(later, longer);
}

TEST(SerialNumber, LifetimeClassesAtTheirLimits) {
  EXPECT_EQ(LifetimeClassOf(days(7)), LifetimeClass::kUpTo7Days);
  EXPECT_EQ(LifetimeClassOf(days(7) + Seconds(1)), LifetimeClass::kUpTo100Days);
  EXPECT_EQ(LifetimeClassOf(days(100)), LifetimeClass::kUpTo100Days);
  EXPECT_EQ(LifetimeClassOf(days(100) + Seconds(1)), LifetimeClass::kLonger);
}

TEST(SerialNumber, ContentsThatAreRefused) {
  auto rule = [](std::string_view hex) {
    return RuleOf(SerialNumber::FromIntegerContents(*FromHex(hex)));
  };
  EXPECT_EQ(rule(""), "serial.size");
  EXPECT_EQ(rule("00"), "serial.positive");
  EXPECT_EQ(rule("80"), "serial.positive");
  EXPECT_EQ(rule("0001"), "serial.minimal");
  EXPECT_EQ(rule("01"), "");
  EXPECT_EQ(rule("0080"), "");
  EXPECT_EQ(rule(std::string(40, '1')), "");
  EXPECT_EQ(rule(std::string(42, '1')), "serial.size");
}

TEST(SerialNumber, HexOfOtherPrograms) {
  EXPECT_EQ(SerialNumber::FromHex("FF01")->Hex(), "00ff01");
  EXPECT_EQ(*SerialNumber::FromHex("00ff01"), *SerialNumber::FromHex("ff01"));
  for (const char* text : {"1", "0x01", "0g", "01:02"}) {
    EXPECT_EQ(RuleOf(SerialNumber::FromHex(text)), "serial.hex") << text;
  }
  EXPECT_EQ(RuleOf(SerialNumber::FromHex("")), "serial.size");
  EXPECT_EQ(RuleOf(SerialNumber::FromHex("0001")), "serial.minimal");
  EXPECT_EQ(RuleOf(SerialNumber::FromHex(std::string(42, '1'))), "serial.size");
  // 20 octets of magnitude with the top bit set need 21.
  EXPECT_EQ(RuleOf(SerialNumber::FromHex(std::string(40, 'f'))), "serial.size");
}

TEST(SerialNumber, OtherFormatsHaveNoClassAndNoTime) {
  for (const char* prefix : {"20", "24", "41", "01", "61"}) {
    auto serial = SerialNumber::FromHex(prefix + std::string(38, '0'));
    ASSERT_TRUE(serial);
    EXPECT_FALSE(serial->lifetime_class()) << prefix;
    EXPECT_FALSE(serial->issued_at()) << prefix;
  }
  EXPECT_FALSE(SerialNumber::FromHex("21" + std::string(36, '0'))->lifetime_class());
  EXPECT_TRUE(SerialNumber::FromHex("23" + std::string(38, '0'))->lifetime_class());
}

TEST(Validity, BothEndsAreInclusive) {
  TimePoint start = kNow + std::chrono::microseconds(999);
  TimePoint second = std::chrono::floor<Seconds>(start);
  auto hour = Validity::For(start, Seconds(3600));
  ASSERT_TRUE(hour);
  EXPECT_EQ(hour->not_before(), second);
  EXPECT_EQ(hour->not_after(), second + Seconds(3599));
  EXPECT_EQ(hour->lifetime(), Seconds(3600));
  EXPECT_FALSE(hour->Covers(second - std::chrono::microseconds(1)));
  EXPECT_TRUE(hour->Covers(second));
  EXPECT_TRUE(hour->Covers(second + Seconds(3600) - std::chrono::microseconds(1)));
  EXPECT_FALSE(hour->Covers(second + Seconds(3600)));
}

TEST(Validity, Limits) {
  using namespace std::chrono;
  TimePoint first = sys_days(January / 1 / 1950);
  TimePoint last = sys_days(December / 31 / 9999) + 86399s;
  EXPECT_TRUE(Validity::Between(first, last));
  EXPECT_EQ(RuleOf(Validity::Between(first - 1us, last)), "validity.range");
  EXPECT_EQ(RuleOf(Validity::Between(first, last + 1s)), "validity.range");
  EXPECT_TRUE(Validity::Between(first, first));
  EXPECT_EQ(RuleOf(Validity::Between(first + 1s, first)), "validity.order");
  EXPECT_TRUE(Validity::For(last, 1s));
  EXPECT_EQ(RuleOf(Validity::For(last, 2s)), "validity.range");
  EXPECT_EQ(RuleOf(Validity::For(first, 0s)), "validity.lifetime");
  EXPECT_EQ(RuleOf(Validity::For(first, -1s)), "validity.lifetime");
  EXPECT_EQ(RuleOf(Validity::For(first, Seconds::max())), "validity.range");
  EXPECT_EQ(RuleOf(Validity::For(TimePoint::min(), 1s)), "validity.range");
  EXPECT_TRUE(Validity::For(first, duration_cast<Seconds>(last - first) + 1s));
}

}  // namespace
}  // namespace mayfly::x509
