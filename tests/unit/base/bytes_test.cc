#include "base/bytes.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(Hex, RoundTripsAndRefusesWhatIsNotHex) {
  const Bytes octets = {0x00, 0x7f, 0x80, 0xff};
  EXPECT_EQ(ToHex(octets), "007f80ff");
  EXPECT_EQ(*FromHex("007F80ff"), octets);
  EXPECT_EQ(FromHex("0").error().rule, "hex.length");
  EXPECT_EQ(FromHex("0g").error().rule, "hex.digit");
}

// RFC 4648 section 10.
TEST(Base64, KnownAnswers) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(ToBase64(AsBytes(plain)), encoded);
    EXPECT_EQ(ToString(*FromBase64(encoded)), plain);
  }
}

TEST(Base64, IsStrict) {
  EXPECT_EQ(FromBase64("Zg=").error().rule, "base64.length");
  EXPECT_EQ(FromBase64("Zg==Zg==").error().rule, "base64.digit");
  EXPECT_EQ(FromBase64("Z===").error().rule, "base64.digit");
  EXPECT_EQ(FromBase64("Zm9-").error().rule, "base64.digit");
  EXPECT_EQ(FromBase64("Zh==").error().rule, "base64.trailing-bits");
  EXPECT_EQ(FromBase64("Zm9=").error().rule, "base64.trailing-bits");
}

TEST(Escape, KeepsPrintableAndCutsLongText) {
  EXPECT_EQ(Escape("a b\n\x1b[31m\xc3\xa9\\"), "a b\\x0a\\x1b[31m\\xc3\\xa9\\x5c");
  EXPECT_EQ(Escape("abcd", 4), "abcd");
  EXPECT_EQ(Escape("abcde", 4), "abcd...");
}

}  // namespace
}  // namespace mayfly
