#include "x509/subject_public_key_info.h"

#include <array>
#include <optional>

#include "der/reader.h"
#include "x509/digest.h"
#include "x509/rsa_public_key.h"

namespace mayfly::x509 {
namespace {

constexpr uint8_t kUncompressedPoint = 0x04;  // SEC 1 2.3.3
constexpr size_t kEd25519KeyBytes = 32;       // RFC 8032 5.1.5

const der::Oid& EcPublicKeyOid() {
  static const der::Oid oid = der::OidOrDie("1.2.840.10045.2.1");
  return oid;
}
const der::Oid& Ed25519Oid() {
  static const der::Oid oid = der::OidOrDie("1.3.101.112");
  return oid;
}
const der::Oid& RsassaPssOid() {
  static const der::Oid oid = der::OidOrDie("1.2.840.113549.1.1.10");
  return oid;
}
const der::Oid& RsaEncryptionOid() {
  static const der::Oid oid = der::OidOrDie("1.2.840.113549.1.1.1");
  return oid;
}

struct Curve {
  KeyType type;
  der::Oid oid;
  size_t coordinate_bytes;
};

const std::array<Curve, 3>& Curves() {
  static const std::array<Curve, 3> curves = {
      Curve{KeyType::kEcP256, der::OidOrDie("1.2.840.10045.3.1.7"), 32},
      Curve{KeyType::kEcP384, der::OidOrDie("1.3.132.0.34"), 48},
      Curve{KeyType::kEcP521, der::OidOrDie("1.3.132.0.35"), 66},
  };
  return curves;
}

Error BadAlgorithm(std::string message) {
  return Fail(ErrorCode::kKeyRejected, "key.algorithm", std::move(message));
}

Error BadEncoding(std::string message) {
  return Fail(ErrorCode::kKeyRejected, "key.encoding", std::move(message));
}

// ECParameters (RFC 5480 2.1.1): a named curve and nothing else. Explicit parameters let a key
// bring its own generator along (CVE-2020-0601).
Result<KeyType> ReadCurve(der::Reader parameters) {
  if (!parameters.NextIs(der::Tag::kOid)) {
    return BadAlgorithm("an EC key names its curve; explicit or missing parameters are refused");
  }
  TRY_ASSIGN(der::Oid oid, parameters.ReadOid());
  TRY(parameters.ExpectEnd());
  for (const Curve& curve : Curves()) {
    if (curve.oid == oid) return curve.type;
  }
  return BadAlgorithm("an EC key is on P-256, P-384 or P-521");
}

// AlgorithmIdentifier with its parameters as RFC 5480, RFC 8410 and RFC 3279 have them.
Result<KeyType> ReadKeyType(der::Reader algorithm) {
  TRY_ASSIGN(der::Oid oid, algorithm.ReadOid());
  if (oid == EcPublicKeyOid()) return ReadCurve(algorithm);
  if (oid == Ed25519Oid()) {
    if (!algorithm.AtEnd()) return BadAlgorithm("an Ed25519 key has no parameters");
    return KeyType::kEd25519;
  }
  if (oid == RsaEncryptionOid()) {
    if (!algorithm.ReadNull() || !algorithm.AtEnd()) {
      return BadAlgorithm("the parameters of an RSA key are NULL");
    }
    return KeyType::kRsa;
  }
  // RFC 4055 1.2. Such a key binds every later use to PSS, which few peers can follow.
  if (oid == RsassaPssOid()) {
    return BadAlgorithm(
        "an RSA key is an rsaEncryption key, not id-RSASSA-PSS; it may sign by PSS");
  }
  return BadAlgorithm("a key is of type EC, Ed25519 or RSA");
}

Status CheckPoint(KeyType type, ByteSpan bits) {
  for (const Curve& curve : Curves()) {
    if (curve.type != type) continue;
    if (bits.size() != 1 + 2 * curve.coordinate_bytes || bits[0] != kUncompressedPoint) {
      return BadEncoding("an EC point is uncompressed, of the length of its curve");
    }
  }
  return Ok();
}

// The modulus' bits of an RSA key, 0 for others.
Result<size_t> CheckKeyBits(KeyType type, ByteSpan bits) {
  if (type == KeyType::kRsa) {
    TRY_ASSIGN(RsaPublicKey key, ReadRsaPublicKey(bits));
    return key.modulus_bits();
  }
  if (type == KeyType::kEd25519 && bits.size() != kEd25519KeyBytes) {
    return BadEncoding("an Ed25519 key has 32 bytes");
  }
  TRY(CheckPoint(type, bits));
  return size_t{0};
}

}  // namespace

std::string_view KeyTypeName(KeyType type) {
  switch (type) {
    case KeyType::kEcP256:
      return "ec-p256";
    case KeyType::kEcP384:
      return "ec-p384";
    case KeyType::kEcP521:
      return "ec-p521";
    case KeyType::kEd25519:
      return "ed25519";
    case KeyType::kRsa:
      return "rsa";
  }
  return "";
}

Result<SubjectPublicKeyInfo> SubjectPublicKeyInfo::FromDer(ByteSpan der) {
  if (der.size() > kSpkiDerBytesMax) return BadEncoding("a public key has at most 8192 bytes");
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader sequence, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(der::Reader algorithm, sequence.ReadSequence());
  TRY_ASSIGN(ByteSpan bits, sequence.ReadWholeBytesBitString());
  TRY(sequence.ExpectEnd());
  TRY_ASSIGN(KeyType type, ReadKeyType(algorithm));
  TRY_ASSIGN(size_t rsa_modulus_bits, CheckKeyBits(type, bits));
  return SubjectPublicKeyInfo(type, ToBytes(der), bits.size(), rsa_modulus_bits);
}

Hash256 SubjectPublicKeyInfo::hash() const { return Sha256(der_); }

Hash160 SubjectPublicKeyInfo::key_identifier() const { return Sha1(key_bits()); }

}  // namespace mayfly::x509
