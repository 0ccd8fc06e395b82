#include "der/reader.h"

#include <gtest/gtest.h>

#include "der/set_of.h"
#include "der/time.h"

namespace mayfly::der {
namespace {

Bytes Hex(std::string_view hex) { return *FromHex(hex); }

// The rule that a read of `hex` fails with; "" where it succeeds.
template <class Read>
std::string RuleOf(std::string_view hex, Read read) {
  Bytes der = Hex(hex);
  Reader reader(der);
  auto result = read(reader);
  if (result) return "";
  EXPECT_EQ(result.error().code, ErrorCode::kBadDer);
  return result.error().rule;
}

TEST(Reader, ReadsElementsOneAfterAnother) {
  Bytes der = Hex("0101ff020105");
  Reader reader(der);
  EXPECT_EQ(reader.Peek(), Tag::kBoolean);
  auto element = reader.ReadAny();
  ASSERT_TRUE(element);
  EXPECT_EQ(ToHex(element->whole), "0101ff");
  EXPECT_EQ(ToHex(element->contents), "ff");
  EXPECT_EQ(reader.ExpectEnd().error().rule, "der.trailing");
  EXPECT_EQ(*reader.ReadSmallInteger(), 5u);
  EXPECT_TRUE(reader.ExpectEnd());
  EXPECT_FALSE(reader.Peek());
  EXPECT_EQ(reader.ReadAny().error().rule, "der.truncated");
}

TEST(Reader, LengthsAreDefiniteAndMinimal) {
  auto read = [](Reader& reader) { return reader.ReadAny(); };
  std::string body127(254, '0'), body128(256, '0'), body256(512, '0');
  EXPECT_EQ(RuleOf("047f" + body127, read), "");
  EXPECT_EQ(RuleOf("04817f" + body127, read), "der.length");
  EXPECT_EQ(RuleOf("048180" + body128, read), "");
  EXPECT_EQ(RuleOf("04820080" + body128, read), "der.length");
  EXPECT_EQ(RuleOf("04820100" + body256, read), "");
  EXPECT_EQ(RuleOf("0483000100" + body256, read), "der.length");
  EXPECT_EQ(RuleOf("30800000", read), "der.length");
  EXPECT_EQ(RuleOf("0484ffffffff", read), "der.truncated");
  EXPECT_EQ(RuleOf("04850100000000", read), "der.length");
  EXPECT_EQ(RuleOf("04ff", read), "der.length");
}

TEST(Reader, TruncatedHeadersAndContents) {
  auto read = [](Reader& reader) { return reader.ReadAny(); };
  for (const char* hex : {"04", "0401", "0481", "048180", "0482", "048201"}) {
    EXPECT_EQ(RuleOf(hex, read), "der.truncated") << hex;
  }
}

TEST(Reader, TagsOfTheHighNumberFormAndZeroAreRefused) {
  auto read = [](Reader& reader) { return reader.ReadAny(); };
  EXPECT_EQ(RuleOf("1f0100", read), "der.tag");
  EXPECT_EQ(RuleOf("bf8701020500", read), "der.tag");
  EXPECT_EQ(RuleOf("0000", read), "der.tag");
  Bytes high = Hex("9f0100");
  EXPECT_FALSE(Reader(high).Peek());
}

TEST(Reader, AnotherTagThanAskedFor) {
  EXPECT_EQ(RuleOf("3100", [](Reader& reader) { return reader.ReadSequence(); }), "der.tag");
  // A constructed OCTET STRING is BER.
  EXPECT_EQ(RuleOf("2403040101", [](Reader& reader) { return reader.ReadOctetString(); }),
            "der.tag");
}

TEST(Reader, Booleans) {
  auto read = [](Reader& reader) { return reader.ReadBoolean(); };
  EXPECT_EQ(RuleOf("010100", read), "");
  EXPECT_EQ(RuleOf("0101ff", read), "");
  EXPECT_EQ(RuleOf("010101", read), "der.boolean");
  EXPECT_EQ(RuleOf("0100", read), "der.boolean");
  EXPECT_EQ(RuleOf("0102ffff", read), "der.boolean");
}

TEST(Reader, IntegersAreMinimal) {
  auto read = [](Reader& reader) { return reader.ReadInteger(); };
  for (const char* hex : {"020100", "02017f", "02020080", "020180", "0202ff7f"}) {
    EXPECT_EQ(RuleOf(hex, read), "") << hex;
  }
  for (const char* hex : {"0200", "02020000", "0202007f", "0202ff80", "0202ffff"}) {
    EXPECT_EQ(RuleOf(hex, read), "der.integer") << hex;
  }
}

TEST(Reader, UnsignedAndSmallIntegers) {
  Bytes der = Hex("02020080");
  Reader reader(der);
  EXPECT_EQ(ToHex(*reader.ReadUnsignedInteger()), "80");
  EXPECT_EQ(RuleOf("020180", [](Reader& r) { return r.ReadUnsignedInteger(); }), "der.integer");

  Bytes largest = Hex("02087fffffffffffffff");
  Reader small(largest);
  EXPECT_EQ(*small.ReadSmallInteger(), uint64_t{INT64_MAX});
  EXPECT_EQ(RuleOf("0209008000000000000000", [](Reader& r) { return r.ReadSmallInteger(); }),
            "der.integer");
  EXPECT_EQ(RuleOf("0201ff", [](Reader& r) { return r.ReadSmallInteger(); }), "der.integer");
}

TEST(Reader, EnumeratedAndNull) {
  auto enumerated = [](Reader& reader) { return reader.ReadEnumerated(); };
  EXPECT_EQ(RuleOf("0a017f", enumerated), "");
  EXPECT_EQ(RuleOf("0a0180", enumerated), "der.enumerated");
  EXPECT_EQ(RuleOf("0a020101", enumerated), "der.enumerated");
  auto null = [](Reader& reader) { return reader.ReadNull(); };
  EXPECT_EQ(RuleOf("0500", null), "");
  EXPECT_EQ(RuleOf("050100", null), "der.null");
}

TEST(Reader, BitStrings) {
  auto read = [](Reader& reader) { return reader.ReadBitString(); };
  EXPECT_EQ(RuleOf("030100", read), "");
  EXPECT_EQ(RuleOf("030205a0", read), "");
  EXPECT_EQ(RuleOf("030205b0", read), "der.bit-string");
  EXPECT_EQ(RuleOf("03020800", read), "der.bit-string");
  EXPECT_EQ(RuleOf("030101", read), "der.bit-string");
  EXPECT_EQ(RuleOf("0300", read), "der.bit-string");
  auto whole = [](Reader& reader) { return reader.ReadWholeBytesBitString(); };
  EXPECT_EQ(RuleOf("030200a0", whole), "");
  EXPECT_EQ(RuleOf("030205a0", whole), "der.bit-string");
}

Bytes TimeElement(Tag tag, std::string_view text) {
  Bytes der = {static_cast<uint8_t>(tag), static_cast<uint8_t>(text.size())};
  der.insert(der.end(), text.begin(), text.end());
  return der;
}

Result<TimePoint> ReadTime(Tag tag, std::string_view text) {
  Bytes der = TimeElement(tag, text);
  return Reader(der).ReadCertificateTime();
}

TEST(Reader, CertificateTimesChangeTheirTypeWith2050) {
  EXPECT_EQ(FormatGeneralizedTime(*ReadTime(Tag::kUtcTime, "491231235959Z")), "20491231235959Z");
  EXPECT_EQ(FormatGeneralizedTime(*ReadTime(Tag::kUtcTime, "500101000000Z")), "19500101000000Z");
  EXPECT_EQ(FormatGeneralizedTime(*ReadTime(Tag::kGeneralizedTime, "20500101000000Z")),
            "20500101000000Z");
  EXPECT_EQ(FormatGeneralizedTime(*ReadTime(Tag::kGeneralizedTime, "99991231235959Z")),
            "99991231235959Z");
  EXPECT_EQ(ReadTime(Tag::kGeneralizedTime, "20491231235959Z").error().rule, "der.time");
  EXPECT_EQ(ReadTime(Tag::kGeneralizedTime, "19500101000000Z").error().rule, "der.time");
  EXPECT_EQ(*ReadTime(Tag::kUtcTime, "700101000001Z"), TimePoint(Seconds(1)));
}

TEST(Reader, TimesOfOtherFormsOrThatDoNotExist) {
  for (const char* text :
       {"2601010000Z", "260101000000", "260101000000+0000", "260101000000.1Z", "260001000000Z",
        "261301000000Z", "260230000000Z", "250229000000Z", "260101240000Z", "260101006000Z",
        "260101000060Z", "2601 1000000Z", "", "-60101000000Z"}) {
    EXPECT_EQ(ReadTime(Tag::kUtcTime, text).error().rule, "der.time") << text;
  }
  EXPECT_TRUE(ReadTime(Tag::kUtcTime, "240229000000Z"));
  EXPECT_EQ(ReadTime(Tag::kOctetString, "240229000000Z").error().rule, "der.tag");
}

TEST(Reader, GeneralizedTimeOfAnyYear) {
  Bytes der = TimeElement(Tag::kGeneralizedTime, "20261231235959Z");
  EXPECT_TRUE(Reader(der).ReadGeneralizedTime());
  der = TimeElement(Tag::kGeneralizedTime, "20261231235959.5Z");
  EXPECT_FALSE(Reader(der).ReadGeneralizedTime());
}

TEST(SetOf, MembersAreInOrder) {
  auto read = [](Reader& reader) { return ReadSetMembers(reader); };
  EXPECT_EQ(RuleOf("", read), "");
  EXPECT_EQ(RuleOf("020101020102", read), "");
  EXPECT_EQ(RuleOf("020101020101", read), "");
  EXPECT_EQ(RuleOf("020102020101", read), "der.set-order");
  EXPECT_EQ(RuleOf("0c0161020101", read), "der.set-order");
}

}  // namespace
}  // namespace mayfly::der
