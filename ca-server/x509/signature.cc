#include "x509/signature.h"

#include <openssl/rsa.h>

#include <array>
#include <cstdlib>

#include "der/oid.h"
#include "x509/public_key.h"

namespace mayfly::x509 {
namespace {

enum class Parameters { kAbsent, kNull, kPss };

struct AlgorithmRow {
  SignatureAlgorithm algorithm;
  std::string_view name;
  der::Oid oid;
  Parameters parameters;
  const EVP_MD* (*digest)();  // nothing for Ed25519, which hashes by itself
};

constexpr char kRsassaPss[] = "1.2.840.113549.1.1.10";

// RFC 5758 3.2, RFC 8410 3, RFC 4055 3 and 5. SHA-1 and MD5 are not here, so they are unknown.
const std::array<AlgorithmRow, 10>& Algorithms() {
  using enum SignatureAlgorithm;
  static const std::array<AlgorithmRow, 10> rows = {{
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
      {kRsaPssSha256, "rsa-pss-sha256", der::OidOrDie(kRsassaPss), Parameters::kPss, EVP_sha256},
      {kRsaPssSha384, "rsa-pss-sha384", der::OidOrDie(kRsassaPss), Parameters::kPss, EVP_sha384},
      {kRsaPssSha512, "rsa-pss-sha512", der::OidOrDie(kRsassaPss), Parameters::kPss, EVP_sha512},
  }};
  return rows;
}

const AlgorithmRow& RowOf(SignatureAlgorithm algorithm) {
  return Algorithms()[static_cast<size_t>(algorithm)];
}

Error UnknownAlgorithm(std::string message) {
  return Fail(ErrorCode::kBadCsr, "signature.algorithm", std::move(message));
}

const der::Oid& HashOid(const AlgorithmRow& row) {
  static const std::pair<int, der::Oid> kHashes[] = {
      {NID_sha256, der::OidOrDie("2.16.840.1.101.3.4.2.1")},
      {NID_sha384, der::OidOrDie("2.16.840.1.101.3.4.2.2")},
      {NID_sha512, der::OidOrDie("2.16.840.1.101.3.4.2.3")},
  };
  for (const auto& [nid, oid] : kHashes) {
    if (nid == EVP_MD_get_type(row.digest())) return oid;
  }
  std::abort();  // never: every row of PSS has one of these
}

const der::Oid& Mgf1Oid() {
  static const der::Oid oid = der::OidOrDie("1.2.840.113549.1.1.8");
  return oid;
}

// RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0], maskGenAlgorithm [1], saltLength [2],
// trailerField [3] DEFAULT 1 } (RFC 4055 3.1). Each of its hashes has parameters of its own.
void WritePssParameters(der::Writer& writer, const AlgorithmRow& row, size_t salt_bytes,
                        Parameters of_hash, Parameters of_mask_hash) {
  auto write_hash = [&](Parameters parameters) {
    writer.Sequence([&] {
      writer.ObjectIdentifier(HashOid(row));
      if (parameters == Parameters::kNull) writer.Null();
    });
  };
  writer.Sequence([&] {
    writer.Constructed(der::ContextConstructed(0), [&] { write_hash(of_hash); });
    writer.Constructed(der::ContextConstructed(1), [&] {
      writer.Sequence([&] {
        writer.ObjectIdentifier(Mgf1Oid());
        write_hash(of_mask_hash);
      });
    });
    writer.Constructed(der::ContextConstructed(2), [&] { writer.SmallInteger(salt_bytes); });
  });
}

size_t HashBytes(const AlgorithmRow& row) {
  return static_cast<size_t>(EVP_MD_get_size(row.digest()));
}

// From the hash's length up to what no key has room for. Whether it fits the request's own key is
// for the check of its signature to find.
Result<size_t> ReadPssSalt(const AlgorithmRow& row, der::Reader parameters) {
  TRY_ASSIGN(der::Reader sequence, parameters.ReadSequence());
  TRY(sequence.Read(der::ContextConstructed(0)));
  TRY(sequence.Read(der::ContextConstructed(1)));
  TRY_ASSIGN(der::Reader salt, sequence.ReadConstructed(der::ContextConstructed(2)));
  TRY_ASSIGN(uint64_t bytes, salt.ReadSmallInteger());
  if (bytes < HashBytes(row) || bytes > kSpkiDerBytesMax) return UnknownAlgorithm("no such salt");
  return static_cast<size_t>(bytes);
}

// Comparing with what may be there is stricter than parsing it, and shorter.
bool ArePssParameters(const AlgorithmRow& row, size_t salt_bytes, ByteSpan parameters) {
  for (Parameters of_hash : {Parameters::kNull, Parameters::kAbsent}) {
    for (Parameters of_mask_hash : {Parameters::kNull, Parameters::kAbsent}) {
      der::Writer writer;
      WritePssParameters(writer, row, salt_bytes, of_hash, of_mask_hash);
      if (Equal(parameters, writer.bytes())) return true;
    }
  }
  return false;
}

// Nothing where the parameters are not this algorithm's.
std::optional<SignatureScheme> SchemeOf(const AlgorithmRow& row, der::Reader parameters) {
  bool are_its_own = false;
  std::optional<size_t> pss_salt;
  switch (row.parameters) {
    case Parameters::kAbsent:
      are_its_own = parameters.AtEnd();
      break;
    case Parameters::kNull:
      are_its_own = parameters.ReadNull() && parameters.AtEnd();
      break;
    case Parameters::kPss:
      if (auto salt = ReadPssSalt(row, parameters)) pss_salt = *salt;
      are_its_own = pss_salt && ArePssParameters(row, *pss_salt, parameters.rest());
      break;
  }
  if (!are_its_own) return std::nullopt;
  return SignatureScheme{row.algorithm, pss_salt};
}

bool GoTogether(KeyType type, const SignatureScheme& scheme) {
  switch (scheme.algorithm) {
    case SignatureAlgorithm::kEcdsaSha256:
    case SignatureAlgorithm::kEcdsaSha384:
    case SignatureAlgorithm::kEcdsaSha512:
      return type == KeyType::kEcP256 || type == KeyType::kEcP384 || type == KeyType::kEcP521;
    case SignatureAlgorithm::kEd25519:
      return type == KeyType::kEd25519;
    case SignatureAlgorithm::kRsaPkcs1Sha256:
    case SignatureAlgorithm::kRsaPkcs1Sha384:
    case SignatureAlgorithm::kRsaPkcs1Sha512:
    case SignatureAlgorithm::kRsaPssSha256:
    case SignatureAlgorithm::kRsaPssSha384:
    case SignatureAlgorithm::kRsaPssSha512:
      return type == KeyType::kRsa;
  }
  return false;
}

// MGF1 uses the digest of the signature unless it is told otherwise.
bool PreparePss(EVP_PKEY_CTX* context, size_t salt_bytes) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, static_cast<int>(salt_bytes)) == 1;
}

// RFC 8017 8.1.2: a signature is as long as the modulus. For PSS, OpenSSL takes shorter ones too.
bool HasLength(const EVP_PKEY* key, ByteSpan signature) {
  return static_cast<size_t>(EVP_PKEY_get_size(key)) == signature.size();
}

bool Verifies(EVP_PKEY* key, const SignatureScheme& scheme, ByteSpan message, ByteSpan signature) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  const AlgorithmRow& row = RowOf(scheme.algorithm);
  const auto prepares_pss = [&](EVP_PKEY_CTX* options) {
    return HasLength(key, signature) &&
           PreparePss(options, scheme.pss_salt_bytes.value_or(HashBytes(row)));
  };
  EVP_PKEY_CTX* key_context = nullptr;  // owned by the other one
  return context &&
         EVP_DigestVerifyInit(context.get(), &key_context, row.digest ? row.digest() : nullptr,
                              nullptr, key) == 1 &&
         (row.parameters != Parameters::kPss || prepares_pss(key_context)) &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

std::string_view SignatureAlgorithmName(SignatureAlgorithm algorithm) {
  return RowOf(algorithm).name;
}

Result<SignatureAlgorithm> ReadSignatureAlgorithm(der::Reader& reader) {
  TRY_ASSIGN(const SignatureScheme scheme, ReadRequestSignatureAlgorithm(reader));
  if (RowOf(scheme.algorithm).parameters == Parameters::kPss) {
    return UnknownAlgorithm("RSASSA-PSS is taken in requests only");
  }
  return scheme.algorithm;
}

Result<SignatureScheme> ReadRequestSignatureAlgorithm(der::Reader& reader) {
  TRY_ASSIGN(der::Reader sequence, reader.ReadSequence());
  TRY_ASSIGN(der::Oid oid, sequence.ReadOid());
  const AlgorithmRow* known = nullptr;
  for (const AlgorithmRow& row : Algorithms()) {
    if (row.oid != oid) continue;
    if (auto scheme = SchemeOf(row, sequence)) return *scheme;
    known = &row;
  }
  if (!known) {
    return UnknownAlgorithm(
        "a signature is ECDSA, Ed25519, RSA PKCS#1 or RSASSA-PSS, with SHA-256, -384 or -512");
  }
  if (known->parameters == Parameters::kPss) {
    return UnknownAlgorithm(
        "RSASSA-PSS is taken with SHA-256, -384 or -512, MGF1 with the same hash, a salt at least "
        "as long as the hash and no trailer field");
  }
  return UnknownAlgorithm(
      "a signature algorithm's parameters are NULL for RSA PKCS#1 and absent for ECDSA and "
      "Ed25519");
}

void WriteSignatureAlgorithm(der::Writer& writer, SignatureAlgorithm algorithm) {
  const AlgorithmRow& row = RowOf(algorithm);
  writer.Sequence([&] {
    writer.ObjectIdentifier(row.oid);
    if (row.parameters == Parameters::kNull) writer.Null();
    if (row.parameters == Parameters::kPss) {
      WritePssParameters(writer, row, HashBytes(row), Parameters::kNull, Parameters::kNull);
    }
  });
}

Result<SignatureAlgorithm> SignatureAlgorithmFor(KeyType type) {
  if (type == KeyType::kEcP256) return SignatureAlgorithm::kEcdsaSha256;
  if (type == KeyType::kEcP384) return SignatureAlgorithm::kEcdsaSha384;
  if (type == KeyType::kEd25519) return SignatureAlgorithm::kEd25519;
  if (type == KeyType::kRsa) return SignatureAlgorithm::kRsaPkcs1Sha256;
  return Fail(ErrorCode::kKeyRejected, "key.type",
              "a signing key is of type ec-p256, ec-p384, ed25519 or rsa, not " +
                  std::string(KeyTypeName(type)));
}

Status VerifySignature(const SubjectPublicKeyInfo& key, const SignatureScheme& algorithm,
                       ByteSpan message, ByteSpan signature) {
  if (!GoTogether(key.type(), algorithm)) {
    return Fail(ErrorCode::kSignatureInvalid, "signature.key-mismatch",
                "a key of type " + std::string(KeyTypeName(key.type())) + " cannot have made a " +
                    std::string(SignatureAlgorithmName(algorithm.algorithm)) + " signature");
  }
  TRY_ASSIGN(EvpKey imported, ImportPublicKey(key));
  // Of ECDSA, OpenSSL takes strict DER only: it encodes what it has read and compares.
  if (!Verifies(imported.get(), algorithm, message, signature)) {
    return Fail(ErrorCode::kSignatureInvalid, "signature.invalid", "the signature does not verify");
  }
  return Ok();
}

}  // namespace mayfly::x509
