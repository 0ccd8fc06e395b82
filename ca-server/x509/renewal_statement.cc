#include "x509/renewal_statement.h"

#include "x509/digest.h"

namespace mayfly::x509 {
namespace {

void Append(Bytes& out, ByteSpan octets) { out.insert(out.end(), octets.begin(), octets.end()); }

}  // namespace

Bytes RenewalStatement(ByteSpan certificate_der, ByteSpan csr_der, const Uuid& request_id) {
  Bytes statement = ToBytes(AsBytes(kRenewalContext));
  statement.push_back(0);
  Append(statement, Sha256(certificate_der));
  Append(statement, Sha256(csr_der));
  Append(statement, request_id.octets());
  return statement;
}

SignatureAlgorithm RenewalAlgorithm(KeyType type) {
  switch (type) {
    case KeyType::kEcP256:
      return SignatureAlgorithm::kEcdsaSha256;
    case KeyType::kEcP384:
      return SignatureAlgorithm::kEcdsaSha384;
    case KeyType::kEcP521:
      return SignatureAlgorithm::kEcdsaSha512;
    case KeyType::kEd25519:
      return SignatureAlgorithm::kEd25519;
    case KeyType::kRsa:
      break;
  }
  return SignatureAlgorithm::kRsaPkcs1Sha256;
}

Status VerifyRenewalStatement(const Certificate& certificate, ByteSpan csr_der,
                              const Uuid& request_id, ByteSpan signature) {
  const SubjectPublicKeyInfo& key = certificate.tbs().fields().public_key;
  return VerifySignature(key, RenewalAlgorithm(key.type()),
                         RenewalStatement(certificate.der(), csr_der, request_id), signature);
}

}  // namespace mayfly::x509
