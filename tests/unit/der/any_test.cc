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
  for (const char* wrong : {"3403040173", "2400", "1000", "1100", "0800", "2800", "0b00", "2b00"}) {
    EXPECT_EQ(RuleOf(wrong), "der.tag") << wrong;
  }
  EXPECT_EQ(RuleOf("3000"), "");
  EXPECT_EQ(RuleOf("3100"), "");
}

TEST(Any, IsDerDownToTheLastElement) {
  EXPECT_EQ(RuleOf("30030101ff"), "");
  EXPECT_EQ(RuleOf("3003010101"), "der.boolean");
  EXPECT_EQ(RuleOf("a003010101"), "der.boolean");
  EXPECT_EQ(RuleOf("300430020101"), "der.truncated");
  EXPECT_EQ(RuleOf("8003010101"), "");  // primitive, of a type that nobody here knows
}

TEST(Any, IsSoDeepAndNoDeeper) {
  std::string text = "0500";
  for (int depth = 1; depth < kAnyDepthMax; ++depth) {
    char octets[8];
    const size_t size = text.size() / 2;
    std::snprintf(octets, sizeof octets, size < 128 ? "30%02zx" : "3081%02zx", size);
    text = octets + text;
  }
  EXPECT_EQ(RuleOf(text.c_str()), "");
  char octets[8];
  std::snprintf(octets, sizeof octets, "30%02zx", text.size() / 2);
  EXPECT_EQ(RuleOf((octets + text).c_str()), "der.depth");
}

}  // namespace
}  // namespace mayfly::der
