#include "x509/key_proof.h"

#include <algorithm>
#include <memory>
#include <string>

#include "x509/certification_request.h"

namespace mayfly::x509 {
namespace {

Result<ShownKey> Read(const CertificationRequestDer& proof) {
  TRY_ASSIGN(auto parsed, CertificationRequest::FromDer(proof.der));
  const auto csr = std::make_shared<const CertificationRequest>(std::move(parsed));
  return ShownKey{csr->public_key(), csr->names(),
                  [csr](const KeyRules& rules) { return ProvenKey::FromRequest(*csr, rules); }};
}

Result<ProvenKey> Prove(const SubjectPublicKeyInfo& spki, const SignedStatement& proof,
                        const KeyRules& rules) {
  auto proven =
      ProvenKey::FromStatement(spki, proof.algorithm, proof.statement, proof.signature, rules);
  if (proven || proven.error().code != ErrorCode::kSignatureInvalid) return proven;
  return Fail(ErrorCode::kKeyRejected, "key.proof",
              "the statement is not signed by the public key: " + proven.error().message);
}

Result<ShownKey> Read(const SignedStatement& proof) {
  if (std::max({proof.spki_der.size(), proof.statement.size(), proof.signature.size()}) >
      kCsrDerBytesMax) {
    return Fail(ErrorCode::kKeyRejected, "key.proof-size",
                "a key, a statement and a signature have at most " +
                    std::to_string(kCsrDerBytesMax) + " bytes each");
  }
  TRY_ASSIGN(auto spki, SubjectPublicKeyInfo::FromDer(proof.spki_der));
  return ShownKey{
      spki, {}, [spki, proof](const KeyRules& rules) { return Prove(spki, proof, rules); }};
}

Bytes Octets(const CertificationRequestDer& proof) { return proof.der; }

// Begins with an octet that no DER of a CSR begins with.
Bytes Octets(const SignedStatement& proof) {
  Bytes out{0, static_cast<uint8_t>(proof.algorithm)};
  for (const Bytes* part : {&proof.spki_der, &proof.statement, &proof.signature}) {
    AppendSized(out, *part);
  }
  return out;
}

}  // namespace

Result<ShownKey> ReadKeyProof(const KeyProof& proof) {
  return std::visit([](const auto& each) { return Read(each); }, proof);
}

Bytes KeyProofOctets(const KeyProof& proof) {
  return std::visit([](const auto& each) { return Octets(each); }, proof);
}

}  // namespace mayfly::x509
