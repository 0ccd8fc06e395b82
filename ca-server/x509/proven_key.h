// ProvenKey: a public key whose holder has shown that the private half is theirs, and which the
// key rules allow. It can only come from here; a CSR's signature is one kind of proof (key_proof.h
// has the kinds that a request may come with).
#pragma once

#include <set>

#include "base/bytes.h"
#include "x509/certification_request.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::x509 {

// What a profile allows. RSA: modulus within the range, a multiple of 8, exponent 65537.
struct KeyRules {
  std::set<KeyType> allowed = {KeyType::kEcP256, KeyType::kEcP384, KeyType::kEd25519,
                               KeyType::kRsa};
  size_t rsa_modulus_bits_min = 2048;
  size_t rsa_modulus_bits_max = 4096;
  // SubjectPublicKeyInfo::hash of the keys that this CA itself signs with. They are for no one
  // else, whoever can sign with them.
  std::set<Hash256> own_ca_keys;
};

// May there be a certificate for this key? Errors: as ProvenKey's, but for "csr.signature".
Status CheckKeyRules(const SubjectPublicKeyInfo& spki, const KeyRules& rules);

class ProvenKey {
 public:
  // The key rules first (cheap), then the signature of the request.
  // Errors: kKeyRejected "key.type", "key.own-ca", "key.rsa-size", "key.rsa-exponent",
  // "key.rsa-weak", "key.ed25519-weak", "key.import"; kBadCsr "csr.signature".
  static Result<ProvenKey> FromRequest(const CertificationRequest& request, const KeyRules& rules);
  // The key has signed a statement that whoever asks for this made, fresh and of this request
  // alone. Errors: as above, and kSignatureInvalid as VerifySignature.
  static Result<ProvenKey> FromStatement(const SubjectPublicKeyInfo& spki,
                                         SignatureAlgorithm algorithm, ByteSpan statement,
                                         ByteSpan signature, const KeyRules& rules);

  const SubjectPublicKeyInfo& spki() const { return spki_; }

 private:
  explicit ProvenKey(SubjectPublicKeyInfo spki) : spki_(std::move(spki)) {}
  SubjectPublicKeyInfo spki_;
};

}  // namespace mayfly::x509
