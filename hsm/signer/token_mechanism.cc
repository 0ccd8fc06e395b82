#include "hsm/signer/token_mechanism.h"

#include <openssl/evp.h>

#include <array>

#include "der/reader.h"
#include "der/writer.h"
#include "hsm/client/signing_rules.h"
#include "x509/ed25519_public_key.h"

namespace mayfly::hsm {
namespace {

// RFC 5480 2.1.1 and 2.1.1.1, RFC 8410 3; CKA_EC_PARAMS holds the DER of an OID.
constexpr std::string_view kEcPublicKey = "1.2.840.10045.2.1";
constexpr std::array<uint8_t, 10> kP256Params = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                                 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<uint8_t, 7> kP384Params = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::array<uint8_t, 5> kEd25519Params = {0x06, 0x03, 0x2b, 0x65, 0x70};

constexpr std::string_view kRsaEncryption = "1.2.840.113549.1.1.1";

constexpr size_t kP256OrderBytes = 32;
constexpr size_t kP384OrderBytes = 48;
constexpr size_t kEd25519SignatureBytes = 64;  // RFC 8032 5.1.6

// CKA_EC_POINT is an OCTET STRING around the point; some modules give the bare point.
ByteSpan BarePoint(ByteSpan point) {
  der::Reader reader(point);
  auto inner = reader.ReadOctetString();
  return inner && reader.AtEnd() ? *inner : point;
}

Bytes Hash(const EVP_MD* digest, ByteSpan message) {
  Bytes hash(static_cast<size_t>(EVP_MD_get_size(digest)));
  EVP_Digest(message.data(), message.size(), hash.data(), nullptr, digest, nullptr);
  return hash;
}

Error WrongLength() {
  return SignerFailure("signer.token-failed", "the token's signature has an unexpected length");
}

// PKCS#11 2.40 mechanisms 2.3.5: r and s, each as long as the curve's order.
Result<Bytes> EcdsaToDer(ByteSpan raw, size_t order_bytes) {
  if (raw.size() != 2 * order_bytes) return WrongLength();
  der::Writer writer;
  writer.Sequence([&] {
    writer.UnsignedInteger(raw.first(order_bytes));
    writer.UnsignedInteger(raw.last(order_bytes));
  });
  return writer.Take();
}

Result<Bytes> OfLength(ByteSpan raw, size_t bytes) {
  if (raw.size() != bytes) return WrongLength();
  return ToBytes(raw);
}

}  // namespace

const TokenMechanism& MechanismOf(KeyKind kind) {
  static const std::array rows = {
      TokenMechanism{KeyKind::kP256, CKK_EC, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, kP256Params, 0},
      TokenMechanism{KeyKind::kP384, CKK_EC, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, kP384Params, 0},
      TokenMechanism{KeyKind::kEd25519, CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA,
                     kEd25519Params, 0},
      TokenMechanism{
          KeyKind::kRsa3072, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS, {}, 3072},
      TokenMechanism{
          KeyKind::kRsa4096, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS, {}, 4096},
  };
  return rows[static_cast<size_t>(kind)];
}

Result<x509::SubjectPublicKeyInfo> EcPublicKey(ByteSpan params, ByteSpan point) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Sequence([&] {
      writer.ObjectIdentifier(der::OidOrDie(kEcPublicKey));
      writer.Raw(params);
    });
    writer.BitString(BarePoint(point));
  });
  auto key = x509::SubjectPublicKeyInfo::FromDer(writer.bytes());
  return key ? std::move(key) : UnservedKind();
}

Result<x509::SubjectPublicKeyInfo> EdwardsPublicKey(ByteSpan point) {
  // A bare point may begin like an OCTET STRING.
  if (point.size() != x509::kEd25519KeyBytes) point = BarePoint(point);
  auto key = x509::Ed25519Key(point);
  return key ? std::move(key) : UnservedKind();
}

Result<x509::SubjectPublicKeyInfo> RsaPublicKey(ByteSpan modulus, ByteSpan exponent) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Sequence([&] {
      writer.ObjectIdentifier(der::OidOrDie(kRsaEncryption));
      writer.Null();
    });
    writer.BitStringHolding([&] {
      writer.Sequence([&] {
        writer.UnsignedInteger(modulus);
        writer.UnsignedInteger(exponent);
      });
    });
  });
  auto key = x509::SubjectPublicKeyInfo::FromDer(writer.bytes());
  return key ? std::move(key) : UnservedKind();
}

Bytes SignatureInput(KeyKind kind, ByteSpan message) {
  switch (kind) {
    case KeyKind::kP256:
      return Hash(EVP_sha256(), message);
    case KeyKind::kP384:
      return Hash(EVP_sha384(), message);
    case KeyKind::kEd25519:
    case KeyKind::kRsa3072:
    case KeyKind::kRsa4096:
      return ToBytes(message);
  }
  return {};
}

Result<Bytes> SignatureOutput(KeyKind kind, ByteSpan raw) {
  switch (kind) {
    case KeyKind::kP256:
      return EcdsaToDer(raw, kP256OrderBytes);
    case KeyKind::kP384:
      return EcdsaToDer(raw, kP384OrderBytes);
    case KeyKind::kEd25519:
      return OfLength(raw, kEd25519SignatureBytes);
    case KeyKind::kRsa3072:
    case KeyKind::kRsa4096:
      return OfLength(raw, MechanismOf(kind).rsa_modulus_bits / 8);
  }
  return WrongLength();
}

}  // namespace mayfly::hsm
