#include "x509/key_proof.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "x509/certification_request.h"

namespace mayfly::x509 {
namespace {

const KeyRules kRules;

// A request is a statement that its key has signed.
SignedStatement Statement() {
  const auto request = *CertificationRequest::FromDer(Golden("p256.csr"));
  return {ToBytes(request.public_key().der()), request.signature_algorithm(),
          ToBytes(request.certification_request_info()), ToBytes(request.signature())};
}
std::string Refusal(const KeyProof& proof, const KeyRules& rules = kRules) {
  const auto shown = ReadKeyProof(proof);
  if (!shown) return shown.error().rule;
  const auto proven = shown->prove(rules);
  return proven ? "" : proven.error().rule;
}

TEST(KeyProof, OfARequestIsItsSignatureAndItsNames) {
  const CertificationRequestDer proof{Golden("p256.csr")};
  const auto shown = ReadKeyProof(proof);
  ASSERT_TRUE(shown);
  EXPECT_EQ(Describe(shown->names), "DNS:web.internal");
  EXPECT_EQ(shown->prove(kRules)->spki(), shown->spki);
  CertificationRequestDer altered = proof;
  altered.der.back() ^= 1;
  EXPECT_EQ(Refusal(altered), "csr.signature");
  EXPECT_EQ(Refusal(CertificationRequestDer{{0x30, 0x00}}), "der.truncated");
}

TEST(KeyProof, OfAStatementIsItsSignatureAndNoName) {
  const SignedStatement proof = Statement();
  const auto shown = ReadKeyProof(proof);
  ASSERT_TRUE(shown);
  EXPECT_TRUE(shown->names.empty());
  EXPECT_EQ(ToBytes(shown->spki.der()), proof.spki_der);
  EXPECT_EQ(shown->prove(kRules)->spki(), shown->spki);

  SignedStatement altered = proof;
  altered.statement.back() ^= 1;
  EXPECT_EQ(Refusal(altered), "key.proof");
  altered = proof;
  altered.algorithm = SignatureAlgorithm::kEd25519;
  EXPECT_EQ(Refusal(altered), "key.proof");
  altered = proof;
  altered.spki_der.pop_back();
  EXPECT_EQ(Refusal(altered).substr(0, 4), "der.");
  EXPECT_EQ(Refusal(proof, {.allowed = {KeyType::kRsa}}), "key.type");
  EXPECT_EQ(Refusal(proof, {.own_ca_keys = {shown->spki.hash()}}), "key.own-ca");
}

TEST(KeyProof, EachPartOfAStatementAtItsLimitAndOnePast) {
  for (Bytes SignedStatement::* part :
       {&SignedStatement::spki_der, &SignedStatement::statement, &SignedStatement::signature}) {
    SignedStatement proof = Statement();
    (proof.*part).resize(kCsrDerBytesMax);
    EXPECT_NE(Refusal(proof), "key.proof-size");
    (proof.*part).push_back(0);
    EXPECT_EQ(Refusal(proof), "key.proof-size");
  }
}

TEST(KeyProof, OctetsTellProofsApart) {
  const SignedStatement proof = Statement();
  EXPECT_EQ(KeyProofOctets(proof), KeyProofOctets(Statement()));
  EXPECT_EQ(KeyProofOctets(CertificationRequestDer{Golden("p256.csr")}), Golden("p256.csr"));
  SignedStatement moved = proof;  // an octet from one part to the next
  moved.signature.insert(moved.signature.begin(), moved.statement.back());
  moved.statement.pop_back();
  EXPECT_NE(KeyProofOctets(moved), KeyProofOctets(proof));
  moved = proof;
  moved.algorithm = SignatureAlgorithm::kEcdsaSha384;
  EXPECT_NE(KeyProofOctets(moved), KeyProofOctets(proof));
}

}  // namespace
}  // namespace mayfly::x509
