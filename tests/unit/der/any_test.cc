#include "der/any.h"

#include <gtest/gtest.h>

namespace mayfly::der {
namespace {

std::string RuleOf(const std::string& hex) {
  const Bytes der = *FromHex(hex);
  auto status = CheckAny(*Reader(der).ReadAny());
  return status ? "" : status.error().rule;
}

TEST(Any, UniversalPrimitivesAreOfTheirType) {
  for (const char* sound : {"0101ff", "020100", "030205e0", "0500", "06032a0304", "0a0101",
                            "0c0161", "1c0400000061", "0403000000"}) {
    EXPECT_EQ(RuleOf(sound), "") << sound;
  }
  EXPECT_EQ(RuleOf("010101"), "der.boolean");
  EXPECT_EQ(RuleOf("02020001"), "der.integer");
  EXPECT_EQ(RuleOf("0301ff"), "der.bit-string");
  EXPECT_EQ(RuleOf("050100"), "der.null");
  EXPECT_EQ(RuleOf("06018f"), "der.oid");
  EXPECT_EQ(RuleOf("0a020001"), "der.enumerated");
  EXPECT_EQ(RuleOf("1c06000000610000"), "der.string");
}

TEST(Any, FormsAreTheTypes) {
  for (const char* wrong : {"3403040173", "2400", "1000", "1100", "0800"}) {
    EXPECT_EQ(RuleOf(wrong), "der.tag") << wrong;
  }
  EXPECT_EQ(RuleOf("3000"), "");
  EXPECT_EQ(RuleOf("3100"), "");
  EXPECT_EQ(RuleOf("2800"), "");
}

TEST(Any, InsideOfOtherTypesNothingIsLookedAt) {
  EXPECT_EQ(RuleOf("3003010101"), "");
  EXPECT_EQ(RuleOf("8003010101"), "");
}

}  // namespace
}  // namespace mayfly::der
