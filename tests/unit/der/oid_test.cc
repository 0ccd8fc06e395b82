#include "der/oid.h"

#include <gtest/gtest.h>

namespace mayfly::der {
namespace {

TEST(Oid, RoundTripsKnownEncodings) {
  const std::pair<const char*, const char*> kKnown[] = {
      {"1.2.840.113549.1.1.11", "2a864886f70d01010b"},
      {"2.5.29.17", "551d11"},
      {"0.9.2342.19200300.100.1.25", "0992268993f22c640119"},
      {"2.999.3", "883703"},
      {"1.39", "4f"},
      {"2.0", "50"},
      {"2.47.0", "7f00"},
      {"2.48", "8100"},
      {"1.3.18446744073709551615", "2b81ffffffffffffffff7f"},
  };
  for (auto [dotted, hex] : kKnown) {
    auto oid = Oid::FromDotted(dotted);
    ASSERT_TRUE(oid) << dotted;
    EXPECT_EQ(ToHex(oid->contents()), hex);
    EXPECT_EQ(oid->Dotted(), dotted);
    EXPECT_EQ(*Oid::FromContents(*FromHex(hex)), *oid);
  }
}

TEST(Oid, PrintsArcsAbove64Bits) {
  // 2.25.<the greatest UUID>, that is 2.25.(2^128 - 1).
  auto oid = Oid::FromContents(*FromHex("6983ffffffffffffffffffffffffffffffffff7f"));
  ASSERT_TRUE(oid);
  EXPECT_EQ(oid->Dotted(), "2.25.340282366920938463463374607431768211455");
}

TEST(Oid, RefusesTextThatIsNotOne) {
  for (const char* text : {"", "1", "1.", "1.2.", ".1.2", "1..2", "3.1", "1.40", "0.40", "1.2.x",
                           "1.2.03", "-1.2", "1.2 ", "1.3.18446744073709551616"}) {
    auto oid = Oid::FromDotted(text);
    ASSERT_FALSE(oid) << text;
    EXPECT_EQ(oid.error().rule, "oid.format");
  }
}

TEST(Oid, RefusesContentsThatAreNotMinimalOrNotWhole) {
  for (const char* hex : {"", "80", "2a80", "2a8001", "802a", "2aff"}) {
    auto oid = Oid::FromContents(*FromHex(hex));
    ASSERT_FALSE(oid) << hex;
    EXPECT_EQ(oid.error().code, ErrorCode::kBadDer);
    EXPECT_EQ(oid.error().rule, "der.oid");
  }
}

TEST(Oid, LengthAtItsLimitAndOnePast) {
  EXPECT_TRUE(Oid::FromContents(Bytes(kOidBytesMax, 1)));
  EXPECT_FALSE(Oid::FromContents(Bytes(kOidBytesMax + 1, 1)));
  std::string dotted = "1.2";
  for (size_t i = 1; i < kOidBytesMax; ++i) dotted += ".1";
  EXPECT_TRUE(Oid::FromDotted(dotted));
  EXPECT_FALSE(Oid::FromDotted(dotted + ".1"));
}

}  // namespace
}  // namespace mayfly::der
