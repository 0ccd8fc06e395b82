#include "x509/certification_request.h"

#include <gtest/gtest.h>

#include <cstring>

#include "golden.h"
#include "x509/certificate.h"
#include "x509/certification_request_writer.h"

namespace mayfly::x509 {
namespace {

const der::Oid kExtensionRequest = der::OidOrDie("1.2.840.113549.1.9.14");
const der::Oid kChallengePassword = der::OidOrDie("1.2.840.113549.1.9.7");
const der::Oid kMicrosoft = der::OidOrDie("1.3.6.1.4.1.311.2.1.14");
constexpr char kDnsA[] = "3010300e0603551d11040730058203612e62";  // Extensions: SAN DNS:a.b

Bytes Attribute(const der::Oid& type, std::string_view values_hex) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.ObjectIdentifier(type);
    writer.Set([&] { writer.Raw(*FromHex(values_hex)); });
  });
  return writer.Take();
}

struct Parts {
  std::string version = "020100";
  std::string subject = "3000";
  std::vector<Bytes> attributes = {Attribute(kExtensionRequest, kDnsA)};
  std::string after_key = "";  // instead of the attributes, where it is not empty
  std::string algorithm = "300506032b6570";
  std::string signature = "030200aa";
};

Bytes RequestDer(const Parts& parts) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Sequence([&] {
      writer.Raw(*FromHex(parts.version));
      writer.Raw(*FromHex(parts.subject));
      writer.Raw(AnyKey().der());
      if (!parts.after_key.empty()) {
        writer.Raw(*FromHex(parts.after_key));
        return;
      }
      writer.Constructed(der::ContextConstructed(0), [&] {
        for (const Bytes& attribute : parts.attributes) writer.Raw(attribute);
      });
    });
    writer.Raw(*FromHex(parts.algorithm));
    writer.Raw(*FromHex(parts.signature));
  });
  return writer.Take();
}

Result<CertificationRequest> Parse(const Parts& parts) {
  return CertificationRequest::FromDer(RequestDer(parts));
}

std::string RuleWith(std::vector<Bytes> attributes) {
  return RuleOf(Parse({.attributes = std::move(attributes)}));
}

TEST(CertificationRequest, ReadsTheNamesOfAnotherImplementation) {
  auto request = CertificationRequest::FromDer(Golden("python-all-names.csr"));
  ASSERT_TRUE(request) << request.error().rule;
  EXPECT_TRUE(request->subject().empty());
  EXPECT_EQ(Describe(request->names()),
            "email:web@example.org, DNS:*.web.internal, DNS:web.internal, "
            "URI:spiffe://example.org/web, IP:10.1.2.3, IP:fd00::1");
  EXPECT_EQ(request->public_key().type(), KeyType::kEcP256);
  EXPECT_EQ(request->signature_algorithm(), SignatureAlgorithm::kEcdsaSha256);
}

TEST(CertificationRequest, ACommonNameIsNotAName) {
  auto request = Parse({.subject = "3010310e300c06035504030c05612e622e63", .attributes = {}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->subject().ToString(), "CN=a.b.c");
  EXPECT_TRUE(request->names().empty());
}

TEST(CertificationRequest, ExtensionsAskedForAreKeptAndAreNotNames) {
  auto request = CertificationRequest::FromDer(Golden("p256-asks-for-ca.csr"));
  ASSERT_TRUE(request);
  EXPECT_EQ(Describe(request->names()), "DNS:web.internal");
  EXPECT_EQ(request->requested_extensions().size(), 3u);
  EXPECT_TRUE(Find(request->requested_extensions(), oid::BasicConstraints()));
}

TEST(CertificationRequest, NamesAreInNormalFormAndCountedOnce) {
  // SAN DNS:B.a, DNS:b.A
  auto request = Parse({.attributes = {Attribute(
                            kExtensionRequest, "301530130603551d11040c300a8203422e618203622e41")}});
  ASSERT_TRUE(request) << request.error().rule;
  EXPECT_EQ(Describe(request->names()), "DNS:b.a");
}

TEST(CertificationRequest, VersionAlgorithmAndSignature) {
  EXPECT_EQ(RuleOf(Parse({})), "");
  EXPECT_EQ(RuleOf(Parse({.version = "020101"})), "csr.version");
  EXPECT_EQ(RuleOf(Parse({.version = "0201ff"})), "csr.version");
  EXPECT_EQ(RuleOf(Parse({.version = "02020000"})), "der.integer");
  EXPECT_EQ(RuleOf(Parse({.signature = "030201aa"})), "csr.signature-encoding");
  EXPECT_EQ(RuleOf(Parse({.signature = "030100"})), "csr.signature-encoding");
  EXPECT_EQ(RuleOf(Parse({.signature = "030200aa0500"})), "der.trailing");
  EXPECT_EQ(RuleOf(Parse({.algorithm = "300706032b65700500"})), "signature.algorithm");
  EXPECT_EQ(RuleOf(CertificationRequest::FromDer(Golden("p256-sha1.csr"))), "signature.algorithm");
}

TEST(CertificationRequest, AttributesFieldIsThere) {
  EXPECT_EQ(RuleWith({}), "");
  EXPECT_EQ(RuleOf(Parse({.after_key = "3000"})), "csr.attributes");
  EXPECT_EQ(RuleOf(Parse({.after_key = "a100"})), "csr.attributes");
  EXPECT_EQ(RuleOf(Parse({.after_key = "a0000500"})), "der.trailing");
}

TEST(CertificationRequest, AttributesThatAreRefused) {
  Bytes extensions = Attribute(kExtensionRequest, kDnsA);
  Bytes other_extensions = Attribute(kExtensionRequest, "3010300e0603551d11040730058203612e63");
  EXPECT_EQ(RuleWith({extensions, other_extensions}), "csr.attributes");
  EXPECT_EQ(RuleWith({Attribute(kMicrosoft, kDnsA)}), "csr.attributes");
  EXPECT_EQ(RuleWith({Attribute(kExtensionRequest, "")}), "csr.attributes");
  EXPECT_EQ(RuleWith({Attribute(kExtensionRequest, std::string(kDnsA) + kDnsA)}), "csr.attributes");
  Bytes unknown = Attribute(der::OidOrDie("1.2.3"), "0500");
  EXPECT_EQ(RuleWith({unknown}), "");
  EXPECT_EQ(RuleWith({Attribute(der::OidOrDie("1.2.3"), "1c06000000610000")}), "der.string");
  EXPECT_EQ(RuleWith({unknown, unknown}), "csr.attributes");
  EXPECT_EQ(RuleWith({Attribute(der::OidOrDie("1.2.3"), "020102020101")}), "der.set-order");
  Bytes longer = Attribute(der::OidOrDie("1.2.4"), "04030a0b0c");
  EXPECT_EQ(RuleWith({unknown, longer}), "");
  EXPECT_EQ(RuleWith({longer, unknown}), "der.set-order");
}

TEST(CertificationRequest, AttributeCountAtItsLimitAndOnePast) {
  std::vector<Bytes> attributes;
  for (size_t i = 0; i < kCsrAttributesMax; ++i) {
    attributes.push_back(Attribute(der::OidOrDie("1.2." + std::to_string(i)), "0500"));
  }
  EXPECT_EQ(RuleWith(attributes), "");
  attributes.push_back(Attribute(der::OidOrDie("1.2.100"), "0500"));
  EXPECT_EQ(RuleWith(attributes), "csr.attributes");
}

TEST(CertificationRequest, ChallengePasswordIsAStringAndIgnored) {
  EXPECT_EQ(RuleWith({Attribute(kChallengePassword, "0c0161")}), "");
  EXPECT_EQ(RuleWith({Attribute(kChallengePassword, "160161")}), "");
  EXPECT_EQ(RuleWith({Attribute(kChallengePassword, "040161")}), "csr.attributes");
  EXPECT_EQ(RuleWith({Attribute(kChallengePassword, "0c01610c0162")}), "csr.attributes");
  EXPECT_EQ(RuleWith({Attribute(kChallengePassword, "0c01ff")}), "der.string");
}

// BMPString, UniversalString and UTF8String have their characters counted, not their octets.
TEST(CertificationRequest, TextAttributesAtTheirLimitAndOnePast) {
  const der::Oid password = kChallengePassword;
  auto rule = [&](const char* tag, const char* character, size_t count) {
    std::string contents;
    for (size_t i = 0; i < count; ++i) contents += character;
    der::Writer writer;
    writer.Primitive(static_cast<der::Tag>(FromHex(tag)->front()), *FromHex(contents));
    return RuleWith({Attribute(password, ToHex(writer.bytes()))});
  };
  for (auto [tag, character] : {std::pair("13", "61"), std::pair("0c", "c3a9"),
                                std::pair("1e", "00e9"), std::pair("1c", "0001f600")}) {
    EXPECT_EQ(rule(tag, character, kCsrAttributeCharsMax), "") << tag;
    EXPECT_EQ(rule(tag, character, kCsrAttributeCharsMax + 1), "csr.attributes") << tag;
  }
}

TEST(CertificationRequest, UnstructuredNamesAndAddressesAreTexts) {
  for (const char* type : {"1.2.840.113549.1.9.2", "1.2.840.113549.1.9.8"}) {
    const der::Oid oid = der::OidOrDie(type);
    EXPECT_EQ(RuleWith({Attribute(oid, "0c0161")}), "");
    EXPECT_EQ(RuleWith({Attribute(oid, "0c01610c0162")}), "");  // several are allowed
    EXPECT_EQ(RuleWith({Attribute(oid, "020101")}), "csr.attributes");
    EXPECT_EQ(RuleWith({Attribute(oid, "160180")}), "der.string");
  }
}

TEST(CertificationRequest, KnownExtensionsMakeSense) {
  auto rule = [](const char* oid_and_value) {
    return RuleWith({Attribute(
        kExtensionRequest,
        ToHex(*FromHex("30" + ToHex(Bytes{uint8_t(strlen(oid_and_value) / 2 + 2)}) + "30" +
                       ToHex(Bytes{uint8_t(strlen(oid_and_value) / 2)}) + oid_and_value)))});
  };
  EXPECT_EQ(rule("0603551d13040530030101ff"), "");                // CA:TRUE is a wish, and ignored
  EXPECT_EQ(rule("0603551d1304053003020100"), "csr.extensions");  // a path length without cA
  EXPECT_EQ(rule("0603551d1304053003010100"), "der.default");
  EXPECT_EQ(rule("0603551d1304020500"), "der.tag");
  EXPECT_EQ(rule("0603551d0f040403020106"), "");
  EXPECT_EQ(rule("0603551d0f0403030100"), "csr.extensions");  // no bit
  EXPECT_EQ(rule("0603551d0f040403020006"), "der.bit-string");
  EXPECT_EQ(rule("0603551d2504023000"), "csr.extensions");  // no purpose
  EXPECT_EQ(rule("0603551d2504053003020101"), "der.tag");
  EXPECT_EQ(rule("06022a030402ffff"), "");  // unknown ones are not looked into
}

TEST(CertificationRequest, ExtensionRequestsThatAreRefused) {
  auto rule = [](const char* values) { return RuleWith({Attribute(kExtensionRequest, values)}); };
  EXPECT_EQ(rule("3000"), "csr.extensions");
  EXPECT_EQ(rule("301630090603551d380402050030090603551d3804020500"), "csr.extensions");
  EXPECT_EQ(rule("0500"), "der.tag");
  EXPECT_EQ(rule("300e300c0603551d3801010004020500"), "der.default");
  // directoryName and otherName, then a name that could never be issued, then no name at all.
  EXPECT_EQ(rule("300f300d0603551d1104063004a4023000"), "name.kind");
  EXPECT_EQ(rule("300e300c0603551d11040530038001aa"), "name.kind");
  EXPECT_EQ(rule("300e300c0603551d110405300382012a"), "name.dns");
  EXPECT_EQ(rule("300b30090603551d1104023000"), "san.empty");
}

TEST(CertificationRequest, SizeAtItsLimitAndOnePast) {
  auto of_size = [](size_t size) {
    auto with_padding = [](size_t padding) {
      return RequestDer(
          {.attributes = {Attribute(der::OidOrDie("1.2.3"),
                                    "0482" + ToHex(Bytes{uint8_t(padding >> 8), uint8_t(padding)}) +
                                        std::string(2 * padding, 'a'))}});
    };
    size_t overhead = with_padding(10000).size() - 10000;
    return with_padding(size - overhead);
  };
  EXPECT_EQ(of_size(kCsrDerBytesMax).size(), kCsrDerBytesMax);
  EXPECT_EQ(RuleOf(CertificationRequest::FromDer(of_size(kCsrDerBytesMax))), "");
  EXPECT_EQ(RuleOf(CertificationRequest::FromDer(of_size(kCsrDerBytesMax + 1))), "csr.size");
}

TEST(CertificationRequest, EveryPrefixIsAnError) {
  for (const char* name : {"python-all-names.csr", "rsa-2048.csr", "ed25519.csr"}) {
    Bytes der = Golden(name);
    for (size_t size = 0; size < der.size(); ++size) {
      // In a buffer of its own, so that reading past its end is seen.
      Bytes prefix(der.begin(), der.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_FALSE(CertificationRequest::FromDer(prefix)) << name << " " << size;
    }
    der.push_back(0);
    EXPECT_EQ(RuleOf(CertificationRequest::FromDer(der)), "der.trailing");
  }
}

TEST(CertificationRequest, MutationsDoNotChangeWhatIsSignedUnseen) {
  const Bytes original = Golden("python-all-names.csr");
  for (size_t i = 0; i < original.size(); ++i) {
    for (uint8_t flip : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
      Bytes mutant = original;
      mutant[i] ^= flip;
      auto request = CertificationRequest::FromDer(mutant);
      if (!request) continue;
      EXPECT_EQ(AssembleCertificationRequest(request->certification_request_info(),
                                             request->signature_algorithm(), request->signature()),
                mutant)
          << i << " " << int{flip};
    }
  }
}

TEST(CertificationRequestWriter, WhatIsWrittenIsReadBack) {
  GeneralNames names = {*GeneralName::Dns("a.b"), *GeneralName::Uri("spiffe://td/x")};
  for (const GeneralNames& wanted : {names, GeneralNames{}}) {
    Bytes info = WriteCertificationRequestInfo(AnyKey(), wanted);
    Bytes der = AssembleCertificationRequest(info, SignatureAlgorithm::kEd25519, Bytes(64, 1));
    auto request = CertificationRequest::FromDer(der);
    ASSERT_TRUE(request) << request.error().rule;
    EXPECT_TRUE(request->subject().empty());
    EXPECT_EQ(request->public_key(), AnyKey());
    EXPECT_EQ(request->names(), wanted);
    EXPECT_TRUE(Equal(request->certification_request_info(), info));
  }
}

TEST(CertificationRequestWriter, BytesOfAnotherImplementation) {
  auto theirs = CertificationRequest::FromDer(Golden("python-one-name.csr"));
  ASSERT_TRUE(theirs);
  EXPECT_EQ(ToHex(WriteCertificationRequestInfo(theirs->public_key(), theirs->names())),
            ToHex(theirs->certification_request_info()));
  EXPECT_EQ(AssembleCertificationRequest(theirs->certification_request_info(),
                                         theirs->signature_algorithm(), theirs->signature()),
            Golden("python-one-name.csr"));
}

TEST(CsrDerFromPemOrDer, TakesBothAndNothingAroundThem) {
  Bytes der = Golden("p256.csr");
  EXPECT_EQ(*CsrDerFromPemOrDer(der), der);
  std::string pem = ToPem("CERTIFICATE REQUEST", der);
  EXPECT_EQ(*CsrDerFromPemOrDer(AsBytes(pem)), der);
  EXPECT_EQ(*CsrDerFromPemOrDer(AsBytes("\n \t" + pem + "\r\n")), der);
  EXPECT_EQ(*CsrDerFromPemOrDer(AsBytes(ToPem("NEW CERTIFICATE REQUEST", der))), der);

  auto rule = [](const std::string& text) { return RuleOf(CsrDerFromPemOrDer(AsBytes(text))); };
  EXPECT_EQ(rule(""), "csr.pem");
  EXPECT_EQ(rule("text before\n" + pem), "csr.pem");
  EXPECT_EQ(rule(pem + "text after"), "csr.pem");
  EXPECT_EQ(rule(pem + pem), "csr.pem");
  EXPECT_EQ(rule(pem + ToPem("X", der) + pem), "csr.pem");
  EXPECT_EQ(rule(ToPem("CERTIFICATE", der)), "csr.pem");
  EXPECT_EQ(rule(std::string(1, '\0') + pem), "csr.pem");
  std::string one_line =
      "-----BEGIN CERTIFICATE REQUEST-----" + ToBase64(der) + "-----END CERTIFICATE REQUEST-----";
  EXPECT_EQ(rule(one_line), "csr.pem");
  EXPECT_EQ(rule("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----"),
            "csr.pem");
}

TEST(CsrDerFromPemOrDer, SizeAtItsLimitAndOnePast) {
  std::string pem = ToPem("CERTIFICATE REQUEST", Golden("p256.csr"));
  pem.resize(2 * kCsrDerBytesMax, '\n');
  EXPECT_EQ(RuleOf(CsrDerFromPemOrDer(AsBytes(pem))), "");
  EXPECT_EQ(RuleOf(CsrDerFromPemOrDer(AsBytes(pem + "\n"))), "csr.size");
}

}  // namespace
}  // namespace mayfly::x509
