#include "der/writer.h"

#include <gtest/gtest.h>

#include "der/reader.h"

namespace mayfly::der {
namespace {

template <class Body>
std::string Written(Body body) {
  Writer writer;
  body(writer);
  return ToHex(writer.bytes());
}

std::string Integer(std::string_view magnitude) {
  return Written([&](Writer& writer) { writer.UnsignedInteger(*FromHex(magnitude)); });
}

TEST(Writer, Primitives) {
  EXPECT_EQ(Written([](Writer& w) { w.Boolean(true); }), "0101ff");
  EXPECT_EQ(Written([](Writer& w) { w.Boolean(false); }), "010100");
  EXPECT_EQ(Written([](Writer& w) { w.Enumerated(3); }), "0a0103");
  EXPECT_EQ(Written([](Writer& w) { w.Null(); }), "0500");
  EXPECT_EQ(Written([](Writer& w) { w.ObjectIdentifier(OidOrDie("2.5.29.17")); }), "0603551d11");
  EXPECT_EQ(Written([](Writer& w) { w.BitString(*FromHex("a0"), 5); }), "030205a0");
  EXPECT_EQ(Written([](Writer& w) { w.Text(Tag::kIa5String, "a"); }), "160161");
  EXPECT_EQ(Written([](Writer& w) { w.Raw({0x05, 0x00}); }), "0500");
}

TEST(Writer, IntegersAreMinimalAndPositive) {
  EXPECT_EQ(Integer(""), "020100");
  EXPECT_EQ(Integer("0000"), "020100");
  EXPECT_EQ(Integer("7f"), "02017f");
  EXPECT_EQ(Integer("80"), "02020080");
  EXPECT_EQ(Integer("000080"), "02020080");
  EXPECT_EQ(Written([](Writer& w) { w.SmallInteger(0); }), "020100");
  EXPECT_EQ(Written([](Writer& w) { w.SmallInteger(256); }), "02020100");
}

TEST(Writer, ScopesNest) {
  EXPECT_EQ(Written([](Writer& w) {
              w.Sequence([&] {
                w.Set([&] { w.Null(); });
                w.OctetStringHolding([&] { w.Boolean(true); });
                w.BitStringHolding([&] { w.Null(); });
              });
            }),
            "300e31020500"
            "04030101ff"
            "0303000500");
}

TEST(Writer, LengthsAtEveryStepAreReadBack) {
  for (size_t size : {0u, 1u, 127u, 128u, 255u, 256u, 65535u, 65536u}) {
    Writer writer;
    writer.Sequence([&] { writer.OctetString(Bytes(size, 0x55)); });
    Reader reader(writer.bytes());
    auto sequence = reader.ReadSequence();
    ASSERT_TRUE(sequence) << size;
    EXPECT_TRUE(reader.AtEnd());
    EXPECT_EQ(sequence->ReadOctetString()->size(), size);
    EXPECT_TRUE(sequence->AtEnd());
  }
}

std::string CertificateTime(std::chrono::sys_seconds time, std::chrono::microseconds more = {}) {
  Writer writer;
  writer.CertificateTime(TimePoint(time) + more);
  return ToString(ByteSpan(writer.bytes()).subspan(2));
}

TEST(Writer, TimesAreCutToSecondsAndChangeWith2050) {
  using namespace std::chrono;
  auto last_utc = sys_days(December / 31 / 2049) + 86399s;
  EXPECT_EQ(CertificateTime(last_utc, 999999us), "491231235959Z");
  EXPECT_EQ(CertificateTime(last_utc + 1s), "20500101000000Z");
  EXPECT_EQ(CertificateTime(sys_days(January / 1 / 1950)), "500101000000Z");
  // Before 1970 the cut still goes down, not towards zero.
  EXPECT_EQ(CertificateTime(sys_seconds(-1s), 500000us), "691231235959Z");
  Writer writer;
  writer.GeneralizedTime(TimePoint(sys_seconds(0s)));
  EXPECT_EQ(ToHex(ByteSpan(writer.bytes()).first(2)), "180f");
  EXPECT_EQ(ToString(ByteSpan(writer.bytes()).subspan(2)), "19700101000000Z");
}

}  // namespace
}  // namespace mayfly::der
