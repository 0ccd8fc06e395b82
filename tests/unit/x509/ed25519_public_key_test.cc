#include "x509/ed25519_public_key.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "x509/certification_request_writer.h"
#include "x509/proven_key.h"

namespace mayfly::x509 {
namespace {

std::string Repeated(std::string_view octet, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += octet;
  return out;
}

std::string RuleOfKey(const std::string& hex) { return RuleOf(CheckEd25519Point(*FromHex(hex))); }

TEST(Ed25519PublicKey, AKeyOfTheOpensslProgramIsSound) {
  auto request = *CertificationRequest::FromDer(Golden("ed25519.csr"));
  EXPECT_EQ(RuleOf(CheckEd25519Point(request.public_key().key_bits())), "");
}

TEST(Ed25519PublicKey, PointsOfSmallOrderWithEitherSign) {
  for (const std::string& y : {
           Repeated("00", 32),
           "01" + Repeated("00", 31),
           "ec" + Repeated("ff", 30) + "7f",
           std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
           std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
       }) {
    Bytes key = *FromHex(y);
    EXPECT_EQ(RuleOf(CheckEd25519Point(key)), "key.ed25519-weak") << y;
    key.back() |= 0x80;
    EXPECT_EQ(RuleOf(CheckEd25519Point(key)), "key.ed25519-weak") << y;
  }
}

TEST(Ed25519PublicKey, CoordinatesAtThePrimeAndOneBelowItsNeighbours) {
  EXPECT_EQ(RuleOfKey("eb" + Repeated("ff", 30) + "7f"), "");                  // p - 2
  EXPECT_EQ(RuleOfKey("ed" + Repeated("ff", 30) + "7f"), "key.ed25519-weak");  // p
  EXPECT_EQ(RuleOfKey("f0" + Repeated("ff", 30) + "7f"), "key.ed25519-weak");  // p + 3
  EXPECT_EQ(RuleOfKey("02" + Repeated("00", 31)), "");
}

// With the neutral element for a key, this one signature holds for all messages.
TEST(Ed25519PublicKey, NobodyProvesTheNeutralElement) {
  const std::string neutral = "01" + Repeated("00", 31);
  auto key = *SubjectPublicKeyInfo::FromDer(*FromHex("302a300506032b6570032100" + neutral));
  const Bytes universal = *FromHex(neutral + Repeated("00", 32));
  const Bytes info = WriteCertificationRequestInfo(key, {});
  ASSERT_TRUE(VerifySignature(key, SignatureAlgorithm::kEd25519, info, universal));
  auto request = CertificationRequest::FromDer(
      AssembleCertificationRequest(info, SignatureAlgorithm::kEd25519, universal));
  ASSERT_TRUE(request);
  EXPECT_EQ(RuleOf(ProvenKey::FromRequest(*request, KeyRules{})), "key.ed25519-weak");
}

}  // namespace
}  // namespace mayfly::x509
