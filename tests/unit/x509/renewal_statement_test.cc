#include "x509/renewal_statement.h"

#include <gtest/gtest.h>

#include "x509/digest.h"

namespace mayfly::x509 {
namespace {

const Uuid kId = *Uuid::Parse("0190a1b2-0000-7000-8000-000000000001");

// 36 + 1 + 32 + 32 + 16 octets, none of a length of its own.
TEST(RenewalStatement, IsWhatTheProtoSays) {
  const Bytes certificate = {1, 2, 3}, csr = {4};
  Bytes expected = ToBytes(AsBytes("mayfly.ca.v1.RenewExpiredCertificate"));
  ASSERT_EQ(expected.size(), 36u);
  expected.push_back(0);
  for (const ByteSpan part : {ByteSpan(certificate), ByteSpan(csr)}) {
    const Hash256 hash = Sha256(part);
    expected.insert(expected.end(), hash.begin(), hash.end());
  }
  expected.insert(expected.end(), kId.octets().begin(), kId.octets().end());
  EXPECT_EQ(RenewalStatement(certificate, csr, kId), expected);
  EXPECT_EQ(expected.size(), 117u);
}

TEST(RenewalStatement, IsSignedAsTheKeyIs) {
  EXPECT_EQ(RenewalAlgorithm(KeyType::kEcP256), SignatureAlgorithm::kEcdsaSha256);
  EXPECT_EQ(RenewalAlgorithm(KeyType::kEcP384), SignatureAlgorithm::kEcdsaSha384);
  EXPECT_EQ(RenewalAlgorithm(KeyType::kEcP521), SignatureAlgorithm::kEcdsaSha512);
  EXPECT_EQ(RenewalAlgorithm(KeyType::kEd25519), SignatureAlgorithm::kEd25519);
  EXPECT_EQ(RenewalAlgorithm(KeyType::kRsa), SignatureAlgorithm::kRsaPkcs1Sha256);
}

}  // namespace
}  // namespace mayfly::x509
