#include "x509/extension.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace mayfly::x509 {
namespace {

std::string WholeHex(const Extension& extension) {
  der::Writer writer;
  WriteExtensions(writer, {extension});
  return ToHex(ByteSpan(writer.bytes()).subspan(2));
}

TEST(Extension, BytesOfTheStandards) {
  EXPECT_EQ(WholeHex(NoRevAvailExtension()), "30090603551d3804020500");
  EXPECT_EQ(WholeHex(OcspNoCheckExtension()), "300f06092b060105050730010504020500");
  EXPECT_EQ(WholeHex(BasicConstraintsCa(std::nullopt)), "300f0603551d130101ff040530030101ff");
  EXPECT_EQ(WholeHex(BasicConstraintsCa(0)), "30120603551d130101ff040830060101ff020100");
  EXPECT_EQ(ToHex(KeyUsageExtension(KeyUsage::kKeyCertSign | KeyUsage::kCrlSign).value),
            "03020106");
}

TEST(Extension, EveryKeyUsageIsReadBack) {
  for (KeyUsages usages = 1; usages <= 0x1ff; ++usages) {
    auto read = ReadKeyUsage(KeyUsageExtension(usages).value);
    ASSERT_TRUE(read) << usages;
    EXPECT_EQ(*read, usages);
  }
}

TEST(Extension, KeyUsagesThatAreRefused) {
  auto rule = [](std::string_view hex) { return RuleOf(ReadKeyUsage(*FromHex(hex))); };
  EXPECT_EQ(rule("030100"), "extension.key-usage");
  EXPECT_EQ(rule("03020080"), "der.bit-string");
  EXPECT_EQ(rule("0303070080"), "");
  EXPECT_EQ(rule("0303060040"), "extension.key-usage");
  EXPECT_EQ(rule("0302078000"), "der.trailing");
}

TEST(Extension, BasicConstraintsAreReadStrictly) {
  auto read = [](std::string_view hex) { return ReadBasicConstraints(*FromHex(hex)); };
  EXPECT_FALSE(read("3000")->ca);
  EXPECT_TRUE(read("30030101ff")->ca);
  EXPECT_EQ(read("30060101ff020103")->path_length, 3u);
  EXPECT_EQ(RuleOf(read("3003010100")), "der.default");
  EXPECT_EQ(RuleOf(read("3003020100")), "extension.basic-constraints");
  EXPECT_EQ(RuleOf(read("30060101ff0201ff")), "der.integer");
  EXPECT_EQ(RuleOf(read("30050101ff0500")), "der.trailing");
}

TEST(Extension, ExtendedKeyUsageAndAuthorityKeyIdentifier) {
  std::vector<der::Oid> purposes = {oid::ServerAuth(), oid::ClientAuth()};
  EXPECT_EQ(*ReadExtendedKeyUsage(ExtendedKeyUsageExtension(purposes).value), purposes);
  EXPECT_EQ(RuleOf(ReadExtendedKeyUsage(*FromHex("3000"))), "extension.extended-key-usage");
  Bytes identifier = *FromHex("0102");
  EXPECT_EQ(*ReadAuthorityKeyIdentifier(AuthorityKeyIdentifierExtension(identifier).value),
            identifier);
  EXPECT_EQ(RuleOf(ReadAuthorityKeyIdentifier(*FromHex("3000"))), "der.truncated");
  EXPECT_EQ(RuleOf(ReadAuthorityKeyIdentifier(*FromHex("3006800101820101"))), "der.trailing");
}

Result<Extensions> Read(ByteSpan der) {
  der::Reader reader(der);
  return ReadExtensions(reader);
}

Bytes Many(size_t count) {
  Extensions extensions;
  for (size_t i = 0; i < count; ++i) {
    extensions.push_back(
        {der::OidOrDie("1.3." + std::to_string(i)), Criticality::kCritical, {5, 0}});
  }
  der::Writer writer;
  WriteExtensions(writer, extensions);
  return writer.Take();
}

TEST(Extensions, CountAtItsLimitsAndOnePast) {
  EXPECT_EQ(RuleOf(Read(Many(0))), "extension.count");
  EXPECT_EQ(Read(Many(kExtensionsMax))->size(), kExtensionsMax);
  EXPECT_EQ(RuleOf(Read(Many(kExtensionsMax + 1))), "extension.count");
}

TEST(Extensions, AreReadStrictly) {
  der::Writer twice;
  WriteExtensions(twice, {NoRevAvailExtension(), NoRevAvailExtension()});
  EXPECT_EQ(RuleOf(Read(twice.bytes())), "extension.duplicate");
  EXPECT_EQ(RuleOf(Read(*FromHex("300e300c0603551d3801010004020500"))), "der.default");
  EXPECT_EQ(RuleOf(Read(*FromHex("300e300c0603551d3801010104020500"))), "der.boolean");
  EXPECT_EQ(RuleOf(Read(*FromHex("300d300b0603551d38040205000500"))), "der.trailing");
}

}  // namespace
}  // namespace mayfly::x509
