#include "der/character_string.h"

#include <gtest/gtest.h>

namespace mayfly::der {
namespace {

bool Holds(Tag tag, std::string_view text) {
  auto status = CheckCharacterString(Element{tag, AsBytes(text), {}});
  EXPECT_TRUE(status || status.error().rule == "der.string");
  return status.has_value();
}

TEST(CharacterString, Utf8) {
  EXPECT_EQ(Utf8Length("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4u);
  EXPECT_EQ(Utf8Length(""), 0u);
  for (const char* text :
       {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xc3\x28", "a\xe2\x82"}) {
    EXPECT_FALSE(Utf8Length(text)) << ToHex(AsBytes(text));
  }
  EXPECT_TRUE(Utf8Length("\xf4\x8f\xbf\xbf"));
}

TEST(CharacterString, EachTypeHoldsItsCharactersOnly) {
  EXPECT_TRUE(Holds(Tag::kPrintableString, "AZaz09 '()+,-./:=?"));
  for (const char* text : {"@", "*", "_", "&", "\n", "\xc3\xa9"}) {
    EXPECT_FALSE(Holds(Tag::kPrintableString, text)) << text;
  }
  EXPECT_FALSE(Holds(Tag::kPrintableString, std::string_view("a\0b", 3)));
  EXPECT_TRUE(Holds(Tag::kIa5String, "a@*\x7f"));
  EXPECT_FALSE(Holds(Tag::kIa5String, "\x80"));
  EXPECT_FALSE(Holds(Tag::kUtf8String, "\xff"));
  EXPECT_TRUE(Holds(Tag::kTeletexString, "\xff"));
  EXPECT_TRUE(Holds(Tag::kBmpString, std::string_view("\0a", 2)));
  EXPECT_FALSE(Holds(Tag::kBmpString, std::string_view("\0a\0", 3)));
  EXPECT_FALSE(Holds(Tag::kBmpString, std::string_view("\xd8\x00", 2)));
  EXPECT_TRUE(Holds(Tag::kUniversalString, std::string_view("\0\x10\xff\xff", 4)));
  EXPECT_FALSE(Holds(Tag::kUniversalString, std::string_view("\0\x11\0\0", 4)));
  EXPECT_FALSE(Holds(Tag::kUniversalString, std::string_view("\0\0\0", 3)));
}

TEST(CharacterString, EmptyOrOfAnotherTag) {
  EXPECT_FALSE(Holds(Tag::kUtf8String, ""));
  EXPECT_FALSE(Holds(Tag::kOctetString, "a"));
  EXPECT_FALSE(IsCharacterString(Tag::kOctetString));
  EXPECT_TRUE(IsCharacterString(Tag::kBmpString));
}

}  // namespace
}  // namespace mayfly::der
