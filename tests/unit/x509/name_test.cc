#include "x509/name.h"

#include <gtest/gtest.h>

#include "der/writer.h"
#include "golden.h"

namespace mayfly::x509 {
namespace {

std::string RuleOfHex(std::string_view hex) { return RuleOf(Name::FromDer(*FromHex(hex))); }

TEST(Name, WritesTheSmallestStringTypeThatFits) {
  EXPECT_EQ(ToHex(Name::Empty().der()), "3000");
  EXPECT_TRUE(Name::Empty().empty());
  auto printable = Name::CommonName("web");
  EXPECT_EQ(ToHex(printable->der()), "300e310c300a06035504031303776562");
  EXPECT_FALSE(printable->empty());
  EXPECT_EQ(ToHex(Name::CommonName("a_b")->der()), "300e310c300a06035504030c03615f62");
  auto both = Name::OrganizationAndCommonName("Example", "Root");
  EXPECT_EQ(both->ToString(), "CN=Root,O=Example");
  EXPECT_EQ(*Name::FromDer(both->der()), *both);
}

TEST(Name, TextLimits) {
  EXPECT_TRUE(Name::CommonName(std::string(kCommonNameCharsMax, 'a')));
  EXPECT_EQ(RuleOf(Name::CommonName(std::string(kCommonNameCharsMax + 1, 'a'))),
            "name.common-name");
  std::string wide;
  for (size_t i = 0; i < kCommonNameCharsMax; ++i) wide += "\xc3\xa9";
  EXPECT_TRUE(Name::CommonName(wide));
  EXPECT_FALSE(Name::CommonName(wide + "a"));
  for (const char* text : {"", "\xff", "a\nb", "a\x7f"}) {
    EXPECT_EQ(RuleOf(Name::CommonName(text)), "name.common-name") << text;
  }
  EXPECT_EQ(RuleOf(Name::OrganizationAndCommonName("", "a")), "name.organization");
  EXPECT_EQ(RuleOf(Name::OrganizationAndCommonName("a", "")), "name.common-name");
  EXPECT_TRUE(Name::OrganizationAndCommonName(std::string(64, 'o'), "a"));
  EXPECT_FALSE(Name::OrganizationAndCommonName(std::string(65, 'o'), "a"));
}

TEST(Name, StructureIsStrict) {
  EXPECT_EQ(RuleOfHex("3000"), "");
  EXPECT_EQ(RuleOfHex("300000"), "der.trailing");
  EXPECT_EQ(RuleOfHex("30023100"), "name.structure");
  EXPECT_EQ(RuleOfHex("300c310a300806035504030c0161"), "");
  EXPECT_EQ(RuleOfHex("300c310a30080603550403040161"), "name.structure");
  EXPECT_EQ(RuleOfHex("300c310a300806035504030c01ff"), "der.string");
  EXPECT_EQ(RuleOfHex("300b3109300706035504030c00"), "der.string");
  EXPECT_EQ(RuleOfHex("300e310c300a06035504030c01610500"), "der.trailing");
  // One type twice in one set; then two types out of order.
  EXPECT_EQ(RuleOfHex("30163114300806035504030c0161300806035504030c0162"), "name.structure");
  EXPECT_EQ(RuleOfHex("301631143008060355040a0c0161300806035504030c0162"), "der.set-order");
  EXPECT_EQ(RuleOfHex("30163114300806035504030c01623008060355040a0c0161"), "");
}

TEST(Name, SizeAtItsLimitAndOnePast) {
  auto of_size = [](size_t size) {
    // SEQUENCE, SET and SEQUENCE take 4 octets each, the type 5, the string's header 4.
    der::Writer writer;
    writer.Sequence([&] {
      writer.Set([&] {
        writer.Sequence([&] {
          writer.ObjectIdentifier(der::OidOrDie("2.5.4.3"));
          writer.Text(der::Tag::kUtf8String, std::string(size - 21, 'a'));
        });
      });
    });
    EXPECT_EQ(writer.bytes().size(), size);
    return writer.Take();
  };
  EXPECT_TRUE(Name::FromDer(of_size(kNameDerBytesMax)));
  EXPECT_EQ(RuleOf(Name::FromDer(of_size(kNameDerBytesMax + 1))), "name.size");
}

std::string Shown(der::Tag tag, std::string_view text) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Set([&] {
      writer.Sequence([&] {
        writer.ObjectIdentifier(der::OidOrDie("2.5.4.12"));
        writer.Text(tag, text);
      });
    });
  });
  return Name::FromDer(writer.bytes())->ToString();
}

TEST(Name, TextIsEscaped) {
  EXPECT_EQ(Shown(der::Tag::kUtf8String, "a,b+c\"d\\e<f>g;h"),
            "2.5.4.12=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h");
  EXPECT_EQ(Shown(der::Tag::kUtf8String, " a "), "2.5.4.12=\\ a\\ ");
  EXPECT_EQ(Shown(der::Tag::kUtf8String, "#a#"), "2.5.4.12=\\#a#");
  EXPECT_EQ(Shown(der::Tag::kUtf8String, "\x1b[31m\xc3\xa9"), "2.5.4.12=\\1b[31m\\c3\\a9");
  EXPECT_EQ(Shown(der::Tag::kTeletexString, "\xff"), "2.5.4.12=#1401ff");
}

}  // namespace
}  // namespace mayfly::x509
