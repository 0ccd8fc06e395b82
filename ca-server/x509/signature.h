// AlgorithmIdentifier of a signature, and its check in software (OpenSSL EVP).
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "der/reader.h"
#include "der/writer.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::x509 {

enum class SignatureAlgorithm : uint8_t {
  kEcdsaSha256,
  kEcdsaSha384,
  kEcdsaSha512,
  kEd25519,
  kRsaPkcs1Sha256,
  kRsaPkcs1Sha384,
  kRsaPkcs1Sha512,
  kRsaPssSha256,  // in requests only
  kRsaPssSha384,
  kRsaPssSha512,
};
std::string_view SignatureAlgorithmName(SignatureAlgorithm algorithm);  // "ecdsa-sha256" ...

// An algorithm with what a request may choose of it.
struct SignatureScheme {
  SignatureScheme(SignatureAlgorithm of, std::optional<size_t> pss_salt = std::nullopt)
      : algorithm(of), pss_salt_bytes(pss_salt) {}
  SignatureAlgorithm algorithm;
  std::optional<size_t> pss_salt_bytes;  // nothing: as long as the hash
};

// Of certificates, OCSP and CRLs: never PSS. Parameters exactly as the standards have them: absent
// for ECDSA and Ed25519, NULL for RSA PKCS#1. Errors: kBadCsr "signature.algorithm".
Result<SignatureAlgorithm> ReadSignatureAlgorithm(der::Reader& reader);
// Of requests: RSASSA-PSS too (RFC 4055 3.1), with SHA-256, -384 or -512, MGF1 with the same hash,
// a salt at least as long as the hash (OpenSSL 3.0 makes it as long as the modulus allows), and the
// trailer field by default. The parameters of the hash itself are NULL or absent (RFC 4055 2.1).
// Errors: as above.
Result<SignatureScheme> ReadRequestSignatureAlgorithm(der::Reader& reader);
void WriteSignatureAlgorithm(der::Writer& writer, SignatureAlgorithm algorithm);

// What our own keys sign with. Errors: kKeyRejected "key.type", for types that none of them has.
Result<SignatureAlgorithm> SignatureAlgorithmFor(KeyType type);

// Verifies; ok only for a good signature. `signature` as X.509 has it (ECDSA: DER Ecdsa-Sig-Value);
// of PSS, its salt is exactly as long as `algorithm` says.
// Errors: kSignatureInvalid "signature.invalid", "signature.key-mismatch" (algorithm and key type
// do not go together), kKeyRejected "key.import" (OpenSSL will not take the key: off curve ...).
Status VerifySignature(const SubjectPublicKeyInfo& key, const SignatureScheme& algorithm,
                       ByteSpan message, ByteSpan signature);

}  // namespace mayfly::x509
