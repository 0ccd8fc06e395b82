#include "x509/signature.h"

#include <array>

#include "der/oid.h"
#include "x509/public_key.h"

namespace mayfly::x509 {
namespace {

enum class Parameters { kAbsent, kNull };

struct AlgorithmRow {
  SignatureAlgorithm algorithm;
  std::string_view name;
  der::Oid oid;
  Parameters parameters;
  const EVP_MD* (*digest)();  // nothing for Ed25519, which hashes by itself
};

// RFC 5758 3.2, RFC 8410 3, RFC 4055 5. SHA-1 and MD5 are not here, so they are unknown.
const std::array<AlgorithmRow, 7>& Algorithms() {
  using enum SignatureAlgorithm;
  static const std::array<AlgorithmRow, 7> rows = {{
      {kEcdsaSha256, "ecdsa-sha256", der::OidOrDie("1.2.840.10045.4.3.2"), Parameters::kAbsent,
       EVP_sha256},
      {kEcdsaSha384, "ecdsa-sha384", der::OidOrDie("1.2.840.10045.4.3.3"), Parameters::kAbsent,
       EVP_sha384},
      {kEcdsaSha512, "ecdsa-sha512", der::OidOrDie("1.2.840.10045.4.3.4"), Parameters::kAbsent,
       EVP_sha512},
      {kEd25519, "ed25519", der::OidOrDie("1.3.101.112"), Parameters::kAbsent, nullptr},
      {kRsaPkcs1Sha256, "rsa-pkcs1-sha256", der::OidOrDie("1.2.840.113549.1.1.11"),
       Parameters::kNull, EVP_sha256},
      {kRsaPkcs1Sha384, "rsa-pkcs1-sha384", der::OidOrDie("1.2.840.113549.1.1.12"),
       Parameters::kNull, EVP_sha384},
      {kRsaPkcs1Sha512, "rsa-pkcs1-sha512", der::OidOrDie("1.2.840.113549.1.1.13"),
       Parameters::kNull, EVP_sha512},
  }};
  return rows;
}

const AlgorithmRow& RowOf(SignatureAlgorithm algorithm) {
  return Algorithms()[static_cast<size_t>(algorithm)];
}

Error UnknownAlgorithm(std::string message) {
  return Fail(ErrorCode::kBadCsr, "signature.algorithm", std::move(message));
}

bool GoTogether(KeyType type, SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::kEcdsaSha256:
    case SignatureAlgorithm::kEcdsaSha384:
    case SignatureAlgorithm::kEcdsaSha512:
      return type == KeyType::kEcP256 || type == KeyType::kEcP384 || type == KeyType::kEcP521;
    case SignatureAlgorithm::kEd25519:
      return type == KeyType::kEd25519;
    case SignatureAlgorithm::kRsaPkcs1Sha256:
    case SignatureAlgorithm::kRsaPkcs1Sha384:
    case SignatureAlgorithm::kRsaPkcs1Sha512:
      return type == KeyType::kRsa;
  }
  return false;
}

bool Verifies(EVP_PKEY* key, SignatureAlgorithm algorithm, ByteSpan message, ByteSpan signature) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  auto digest = RowOf(algorithm).digest;
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, digest ? digest() : nullptr, nullptr, key) ==
             1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

std::string_view SignatureAlgorithmName(SignatureAlgorithm algorithm) {
  return RowOf(algorithm).name;
}

Result<SignatureAlgorithm> ReadSignatureAlgorithm(der::Reader& reader) {
  TRY_ASSIGN(der::Reader sequence, reader.ReadSequence());
  TRY_ASSIGN(der::Oid oid, sequence.ReadOid());
  for (const AlgorithmRow& row : Algorithms()) {
    if (row.oid != oid) continue;
    bool sound = row.parameters == Parameters::kAbsent || sequence.ReadNull();
    if (!sound || !sequence.AtEnd()) {
      return UnknownAlgorithm(
          "a signature algorithm's parameters are NULL for RSA and absent for all others");
    }
    return row.algorithm;
  }
  return UnknownAlgorithm(
      "a signature is ECDSA, Ed25519 or RSA PKCS#1, with SHA-256, -384 or -512");
}

void WriteSignatureAlgorithm(der::Writer& writer, SignatureAlgorithm algorithm) {
  const AlgorithmRow& row = RowOf(algorithm);
  writer.Sequence([&] {
    writer.ObjectIdentifier(row.oid);
    if (row.parameters == Parameters::kNull) writer.Null();
  });
}

Result<SignatureAlgorithm> SignatureAlgorithmFor(KeyType type) {
  if (type == KeyType::kEcP256) return SignatureAlgorithm::kEcdsaSha256;
  if (type == KeyType::kEcP384) return SignatureAlgorithm::kEcdsaSha384;
  return Fail(ErrorCode::kKeyRejected, "key.type",
              "a signing key is of type ec-p256 or ec-p384, not " + std::string(KeyTypeName(type)));
}

Status VerifySignature(const SubjectPublicKeyInfo& key, SignatureAlgorithm algorithm,
                       ByteSpan message, ByteSpan signature) {
  if (!GoTogether(key.type(), algorithm)) {
    return Fail(ErrorCode::kSignatureInvalid, "signature.key-mismatch",
                "a key of type " + std::string(KeyTypeName(key.type())) + " cannot have made a " +
                    std::string(SignatureAlgorithmName(algorithm)) + " signature");
  }
  TRY_ASSIGN(EvpKey imported, ImportPublicKey(key));
  // Of ECDSA, OpenSSL takes strict DER only: it encodes what it has read and compares.
  if (!Verifies(imported.get(), algorithm, message, signature)) {
    return Fail(ErrorCode::kSignatureInvalid, "signature.invalid", "the signature does not verify");
  }
  return Ok();
}

}  // namespace mayfly::x509
