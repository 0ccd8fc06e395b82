#include "x509/certificate.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "golden.h"
#include "x509/digest.h"

namespace mayfly::x509 {
namespace {

GeneralNames GoldenNames() {
  GeneralNames names;
  for (const char* text : {"DNS:web.internal", "DNS:*.web.internal", "URI:spiffe://example.org/web",
                           "IP:10.1.2.3", "IP:fd00::1", "email:web@example.org"}) {
    names.push_back(*GeneralName::FromString(text));
  }
  return names;
}

// What python-every-extension.crt holds, from our own writers.
TbsFields GoldenFields(const SubjectPublicKeyInfo& key) {
  using namespace std::chrono;
  TimePoint not_before = sys_days(December / 31 / 2049) + 23h;
  return TbsFields{
      SignatureAlgorithm::kEcdsaSha256,
      *Name::OrganizationAndCommonName("Example", "Example CA"),
      *Validity::For(not_before, 2h),
      Name::Empty(),
      key,
      {BasicConstraintsCa(0),
       KeyUsageExtension(KeyUsage::kKeyCertSign | KeyUsage::kCrlSign |
                         static_cast<KeyUsages>(KeyUsage::kDigitalSignature)),
       ExtendedKeyUsageExtension({oid::ServerAuth(), oid::ClientAuth(), oid::OcspSigning()}),
       SubjectKeyIdentifierExtension(key.key_identifier()),
       AuthorityKeyIdentifierExtension(key.key_identifier()),
       SubjectAltNameExtension(GoldenNames(), Criticality::kCritical),
       AuthorityInfoAccessExtension({"http://ocsp.test/"}, {"http://ca.test/ca.cer"}),
       CrlDistributionPointsExtension({"http://crl.test/1.crl"}), NoRevAvailExtension(),
       OcspNoCheckExtension()}};
}

TEST(TbsCertificate, OurBytesAreThoseOfAnotherImplementation) {
  auto theirs = Certificate::FromDer(Golden("python-every-extension.crt"));
  ASSERT_TRUE(theirs) << theirs.error().rule;
  auto serial = SerialNumber::FromHex("2101994f0a1b2c0102030405060708090a0b0c0d");
  TbsFields fields = GoldenFields(theirs->tbs().fields().public_key);
  TbsCertificate ours = TbsCertificate::Write(fields, *serial);
  EXPECT_EQ(ToHex(ours.der()), ToHex(theirs->tbs().der()));
  EXPECT_EQ(Certificate::Assemble(ours.der(), fields.signature_algorithm, theirs->signature()),
            Golden("python-every-extension.crt"));
  EXPECT_EQ(*theirs->tbs().names(), Normalize(GoldenNames()));
}

TEST(TbsCertificate, WhatIsReadIsWrittenBackByteByByte) {
  for (const char* name : {"python-every-extension.crt", "openssl-root.crt"}) {
    auto certificate = Certificate::FromDer(Golden(name));
    ASSERT_TRUE(certificate) << name;
    const TbsCertificate& tbs = certificate->tbs();
    EXPECT_TRUE(Equal(TbsCertificate::Write(tbs.fields(), tbs.serial()).der(), tbs.der())) << name;
  }
}

TEST(Certificate, SignaturesOfOthersVerify) {
  auto root = Certificate::FromDer(Golden("openssl-root.crt"));
  ASSERT_TRUE(root);
  EXPECT_EQ(root->tbs().fields().subject.ToString(), "CN=Example Root,O=Example");
  EXPECT_TRUE(root->VerifySignedBy(root->tbs().fields().public_key));

  auto leaf = Certificate::FromDer(Golden("python-every-extension.crt"));
  auto issuer = SubjectPublicKeyInfo::FromDer(Golden("python-every-extension.issuer.spki"));
  EXPECT_TRUE(leaf->VerifySignedBy(*issuer));
  EXPECT_EQ(leaf->VerifySignedBy(root->tbs().fields().public_key).error().rule,
            "signature.invalid");
  EXPECT_EQ(leaf->VerifySignedBy(AnyKey()).error().rule, "signature.key-mismatch");
}

std::string OpensslSays(const std::string& arguments) {
  std::FILE* pipe = popen(("openssl x509 -noout " + arguments).c_str(), "r");
  std::string out;
  for (int c; (c = std::fgetc(pipe)) != EOF;) out += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0);
  return out;
}

TEST(Certificate, OpensslReadsWhatWeAssemble) {
  auto theirs = Certificate::FromDer(Golden("python-every-extension.crt"));
  auto serial = *SerialNumber::FromHex("2202");
  TbsCertificate tbs =
      TbsCertificate::Write(GoldenFields(theirs->tbs().fields().public_key), serial);
  auto assembled = Certificate::FromDer(
      Certificate::Assemble(tbs.der(), tbs.fields().signature_algorithm, theirs->signature()));
  ASSERT_TRUE(assembled);
  std::string path = ::testing::TempDir() + "/mayfly-assembled.pem";
  std::ofstream(path) << assembled->Pem();
  EXPECT_EQ(OpensslSays("-serial -dates -ext subjectAltName -in " + path),
            "serial=2202\n"
            "notBefore=Dec 31 23:00:00 2049 GMT\n"
            "notAfter=Jan  1 00:59:59 2050 GMT\n"
            "X509v3 Subject Alternative Name: critical\n"
            "    DNS:web.internal, DNS:*.web.internal, URI:spiffe://example.org/web, "
            "IP Address:10.1.2.3, IP Address:FD00:0:0:0:0:0:0:1, email:web@example.org\n");
  std::remove(path.c_str());
}

TEST(Certificate, EveryPrefixIsAnError) {
  for (const char* name : {"python-every-extension.crt", "openssl-root.crt"}) {
    Bytes der = Golden(name);
    for (size_t size = 0; size < der.size(); ++size) {
      EXPECT_FALSE(Certificate::FromDer(ByteSpan(der).first(size))) << name << " " << size;
    }
    der.push_back(0);
    EXPECT_EQ(RuleOf(Certificate::FromDer(der)), "der.trailing");
  }
}

// What is accepted is understood: it is written back as it came.
TEST(Certificate, SingleByteMutationsAreRefusedOrWrittenBackTheSame) {
  const Bytes original = Golden("python-every-extension.crt");
  for (size_t i = 0; i < original.size(); ++i) {
    for (uint8_t flip : {0x01, 0x80, 0xff}) {
      Bytes mutant = original;
      mutant[i] ^= flip;
      auto certificate = Certificate::FromDer(mutant);
      if (!certificate) continue;
      const TbsCertificate& tbs = certificate->tbs();
      TbsCertificate again = TbsCertificate::Write(tbs.fields(), tbs.serial());
      EXPECT_EQ(Certificate::Assemble(again.der(), tbs.fields().signature_algorithm,
                                      certificate->signature()),
                mutant)
          << i;
    }
  }
}

// The golden certificate with one part of its TBS changed: `from` is there exactly once.
std::string RuleOfChanged(std::string_view from, std::string_view to) {
  std::string hex = ToHex(Golden("python-every-extension.crt"));
  size_t at = hex.find(from);
  EXPECT_NE(at, std::string::npos);
  EXPECT_EQ(from.size(), to.size());
  return RuleOf(Certificate::FromDer(*FromHex(hex.replace(at, from.size(), to))));
}

TEST(Certificate, PartsThatAreRefused) {
  EXPECT_EQ(RuleOfChanged("a003020102", "a003020101"), "tbs.version");
  EXPECT_EQ(RuleOfChanged("a003020102", "a103020102"), "tbs.version");
  EXPECT_EQ(RuleOfChanged("02142101994f", "02148101994f"), "tbs.serial.positive");
  EXPECT_EQ(RuleOfChanged("02142101994f", "02140001994f"), "der.integer");
  // The first algorithm is the inner one.
  EXPECT_EQ(RuleOfChanged("2a8648ce3d040302", "2a8648ce3d040303"), "certificate.algorithm");
  EXPECT_EQ(RuleOfChanged("2a8648ce3d040302", "2a8648ce3d040301"), "tbs.signature.algorithm");
  EXPECT_EQ(RuleOfChanged("2a8648ce3d030107", "2a8648ce3d030106"), "tbs.key.algorithm");
  EXPECT_EQ(RuleOfChanged("170d343931323331323330303030", "170d393931323331323330303030"), "");
  EXPECT_EQ(RuleOfChanged("180f3230353030313031303035393539", "180f3230343930313031303035393539"),
            "der.time");
  EXPECT_EQ(RuleOfChanged("0603551d13", "0603551d0f"), "tbs.extension.duplicate");
}

TEST(Certificate, EmptyIssuerAndUniqueIdentifiers) {
  TbsFields fields = GoldenFields(AnyKey());
  SerialNumber serial = *SerialNumber::FromHex("01");
  fields.extensions = {};
  TbsCertificate plain = TbsCertificate::Write(fields, serial);
  EXPECT_TRUE(TbsCertificate::FromDer(plain.der()));
  EXPECT_TRUE(plain.names()->empty());

  auto with = [&](const char* hex) {
    der::Writer writer;
    writer.Sequence([&] {
      der::Reader reader(plain.der());
      writer.Raw(reader.ReadSequence()->rest());
      writer.Raw(*FromHex(hex));
    });
    return RuleOf(TbsCertificate::FromDer(writer.bytes()));
  };
  EXPECT_EQ(with("81020001"), "tbs.unique-id");
  EXPECT_EQ(with("82020001"), "tbs.unique-id");
  EXPECT_EQ(with("a3023000"), "tbs.extension.count");
  EXPECT_EQ(with("a4023000"), "der.tag");
  EXPECT_EQ(with("a30d300b30090603551d3804020500"), "");
  EXPECT_EQ(with("a30d300b30090603551d38040205000500"), "der.trailing");

  fields.issuer = Name::Empty();
  EXPECT_EQ(RuleOf(TbsCertificate::FromDer(TbsCertificate::Write(fields, serial).der())),
            "tbs.issuer");
}

// A TBS of exactly `size` bytes.
TbsCertificate TbsOfSize(size_t size) {
  TbsFields fields = GoldenFields(AnyKey());
  auto write = [&](size_t padding) {
    fields.extensions = {{der::OidOrDie("1.3.9"), Criticality::kNonCritical, Bytes(padding, 5)}};
    return TbsCertificate::Write(fields, *SerialNumber::FromHex("01"));
  };
  constexpr size_t kGuess = 20000;
  size_t overhead = write(kGuess).der().size() - kGuess;
  return write(size - overhead);
}

TEST(Certificate, SizesAtTheirLimitsAndOnePast) {
  EXPECT_TRUE(TbsCertificate::FromDer(TbsOfSize(kTbsDerBytesMax).der()));
  TbsCertificate larger = TbsOfSize(kTbsDerBytesMax + 1);
  EXPECT_EQ(larger.der().size(), kTbsDerBytesMax + 1);
  EXPECT_EQ(RuleOf(TbsCertificate::FromDer(larger.der())), "tbs.size");

  TbsCertificate largest = TbsOfSize(kTbsDerBytesMax);
  auto whole = [&](size_t signature_size) {
    return Certificate::Assemble(largest.der(), SignatureAlgorithm::kEcdsaSha256,
                                 Bytes(signature_size, 1));
  };
  size_t overhead = whole(8000).size() - 8000;
  EXPECT_TRUE(Certificate::FromDer(whole(kCertificateDerBytesMax - overhead)));
  EXPECT_EQ(RuleOf(Certificate::FromDer(whole(kCertificateDerBytesMax - overhead + 1))),
            "certificate.size");
  EXPECT_EQ(RuleOf(Certificate::FromDer(whole(0))), "certificate.signature-encoding");
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(ToHex(Sha256(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ToHex(Sha1(AsBytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(ToHex(Sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(Pem, BlocksAreWrittenAndReadBack) {
  Bytes der = Golden("openssl-root.crt");
  std::string pem = ToPem("CERTIFICATE", der);
  EXPECT_TRUE(pem.starts_with("-----BEGIN CERTIFICATE-----\nMII"));
  EXPECT_EQ(pem.find('\n', 28), 27u + 1 + 64);
  EXPECT_EQ(Certificate::FromPem(pem)->Pem(), pem);
  auto blocks = FromPem("CERTIFICATE", "a note\n" + pem + "another\r\n" + ToPem("X", der) + pem);
  ASSERT_TRUE(blocks);
  EXPECT_EQ(blocks->size(), 2u);
  EXPECT_TRUE(FromPem("CERTIFICATE", "")->empty());
  EXPECT_EQ(RuleOf(Certificate::FromPem("nothing")), "pem.none");
}

TEST(Pem, BlocksThatAreRefused) {
  auto rule = [](std::string_view text) { return RuleOf(FromPem("X", text)); };
  EXPECT_EQ(rule("-----BEGIN X-----\nAAAA\n-----END X-----"), "");
  EXPECT_EQ(rule(" -----BEGIN X-----\r\n AAAA\r\n-----END X-----\r\n"), "");
  EXPECT_EQ(rule("-----BEGIN X-----\nAAAA\n-----END Y-----"), "pem.end");
  EXPECT_EQ(rule("-----BEGIN X-----\nAAAA\n"), "pem.end");
  EXPECT_EQ(rule("-----BEGIN X-----\nAAA\n-----END X-----"), "pem.base64");
  EXPECT_EQ(rule("-----BEGIN X-----\nProc-Type: 4\nAAAA\n-----END X-----"), "pem.base64");
  EXPECT_EQ(rule("-----BEGIN X-----\n-----BEGIN X-----\nAAAA\n-----END X-----"), "pem.base64");
  EXPECT_EQ(rule("-----BEGIN X-----\n-----END X-----"), "pem.empty");
}

}  // namespace
}  // namespace mayfly::x509
