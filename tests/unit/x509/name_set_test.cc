// RFC 5280 7.1: which Names are one, whatever their octets.
#include "x509/name_set.h"

#include <gtest/gtest.h>

#include "der/oid.h"
#include "der/writer.h"
#include "x509/name.h"

namespace mayfly::x509 {
namespace {

using der::Tag;

Bytes WithCommonName(Tag tag, std::string_view text) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Set([&] {
      writer.Sequence([&] {
        writer.ObjectIdentifier(der::OidOrDie("2.5.4.3"));
        writer.Text(tag, text);
      });
    });
  });
  return writer.Take();
}

std::string Utf16(std::string_view text) {
  std::string out;
  for (const char c : text) out += {'\0', c};
  return out;
}

class NamesOfOurs : public testing::Test {
 protected:
  const Bytes ours_ = WithCommonName(Tag::kPrintableString, "Mayfly issuing 1");
  const NameSet set_{WithCommonName(Tag::kUtf8String, "another"), ours_};
};

TEST_F(NamesOfOurs, TheVeryOctets) {
  EXPECT_TRUE(set_.Contains(ours_));
  EXPECT_FALSE(NameSet().Contains(ours_));
}

TEST_F(NamesOfOurs, InAnotherStringType) {
  for (const Tag tag : {Tag::kUtf8String, Tag::kIa5String, Tag::kTeletexString}) {
    EXPECT_TRUE(set_.Contains(WithCommonName(tag, "Mayfly issuing 1"))) << static_cast<int>(tag);
  }
  EXPECT_TRUE(set_.Contains(WithCommonName(Tag::kBmpString, Utf16("Mayfly issuing 1"))));
}

TEST_F(NamesOfOurs, InAnotherCase) {
  EXPECT_TRUE(set_.Contains(WithCommonName(Tag::kPrintableString, "MAYFLY Issuing 1")));
  EXPECT_TRUE(set_.Contains(WithCommonName(Tag::kUtf8String, "mayfly issuing 1")));
}

TEST_F(NamesOfOurs, WithOtherWhiteSpace) {
  for (const char* text : {" Mayfly issuing 1", "Mayfly issuing 1  ", "Mayfly   issuing  1"}) {
    EXPECT_TRUE(set_.Contains(WithCommonName(Tag::kPrintableString, text))) << text;
  }
}

TEST_F(NamesOfOurs, WhatSaysSomethingElseIsAnother) {
  for (const char* text : {"Mayfly issuing 2", "Mayflyissuing 1", "Mayfly issuing", ""}) {
    EXPECT_FALSE(set_.Contains(WithCommonName(Tag::kUtf8String, text))) << text;
  }
  EXPECT_FALSE(set_.Contains(Name::Empty().der()));
  const auto longer = Name::OrganizationAndCommonName("Example", "Mayfly issuing 1");
  EXPECT_FALSE(set_.Contains(longer->der()));
}

TEST_F(NamesOfOurs, WhatIsNoNameIsComparedAsItIs) {
  Bytes more = ours_;
  more.push_back(0);
  EXPECT_FALSE(set_.Contains(more));
  EXPECT_FALSE(set_.Contains({}));
  EXPECT_TRUE(NameSet{more}.Contains(more));
  EXPECT_FALSE(NameSet{more}.Contains(ours_));
}

}  // namespace
}  // namespace mayfly::x509
