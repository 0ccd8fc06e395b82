#include "x509/proven_key.h"

#include <string>

#include "x509/ed25519_public_key.h"
#include "x509/rsa_public_key.h"
#include "x509/signature.h"

namespace mayfly::x509 {
namespace {

Error Rejected(std::string rule, std::string message) {
  return Fail(ErrorCode::kKeyRejected, std::move(rule), std::move(message));
}

std::string AllowedText(const KeyRules& rules) {
  std::string out;
  for (KeyType type : rules.allowed) {
    if (!out.empty()) out += ", ";
    out += KeyTypeName(type);
  }
  return out;
}

Status CheckRsa(const SubjectPublicKeyInfo& spki, const KeyRules& rules) {
  size_t bits = spki.rsa_modulus_bits();
  if (bits < rules.rsa_modulus_bits_min || bits > rules.rsa_modulus_bits_max || bits % 8 != 0) {
    return Rejected("key.rsa-size",
                    "an RSA modulus has " + std::to_string(rules.rsa_modulus_bits_min) + " to " +
                        std::to_string(rules.rsa_modulus_bits_max) +
                        " bits in a multiple of 8; this one has " + std::to_string(bits));
  }
  TRY_ASSIGN(RsaPublicKey rsa, ReadRsaPublicKey(spki.key_bits()));
  if (!rsa.exponent_is_65537()) {
    return Rejected("key.rsa-exponent", "the public exponent of an RSA key is 65537");
  }
  return CheckRsaModulus(rsa.modulus);
}

}  // namespace

Status CheckKeyRules(const SubjectPublicKeyInfo& spki, const KeyRules& rules) {
  if (!rules.allowed.contains(spki.type())) {
    return Rejected("key.type", "the profile allows keys of type " + AllowedText(rules) + ", not " +
                                    std::string(KeyTypeName(spki.type())));
  }
  if (rules.own_ca_keys.contains(spki.hash())) {
    return Rejected(
        "key.own-ca",
        "the key is one of this CA's own signing keys; make a new key for this request");
  }
  if (spki.type() == KeyType::kEd25519) return CheckEd25519Point(spki.key_bits());
  return spki.type() == KeyType::kRsa ? CheckRsa(spki, rules) : Ok();
}

Result<ProvenKey> ProvenKey::FromRequest(const CertificationRequest& request,
                                         const KeyRules& rules) {
  const SubjectPublicKeyInfo& spki = request.public_key();
  TRY(CheckKeyRules(spki, rules));
  auto verified = VerifySignature(spki, request.signature_scheme(),
                                  request.certification_request_info(), request.signature());
  if (!verified && verified.error().code == ErrorCode::kSignatureInvalid) {
    return Fail(ErrorCode::kBadCsr, "csr.signature",
                "the request is not signed by the key that is in it: " + verified.error().message);
  }
  TRY(std::move(verified));
  return ProvenKey(spki);
}

Result<ProvenKey> ProvenKey::FromStatement(const SubjectPublicKeyInfo& spki,
                                           SignatureAlgorithm algorithm, ByteSpan statement,
                                           ByteSpan signature, const KeyRules& rules) {
  TRY(CheckKeyRules(spki, rules));
  TRY(VerifySignature(spki, algorithm, statement, signature));
  return ProvenKey(spki);
}

}  // namespace mayfly::x509
