#include "x509/rsa_public_key.h"

#include <bit>

#include "der/reader.h"

namespace mayfly::x509 {
namespace {

constexpr uint8_t kExponent65537[] = {0x01, 0x00, 0x01};

Error BadEncoding() {
  return Fail(ErrorCode::kKeyRejected, "key.encoding",
              "an RSA key is a SEQUENCE of two positive INTEGERs, modulus and exponent");
}

Result<RsaPublicKey> ReadStrictly(ByteSpan der) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader sequence, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  TRY_ASSIGN(ByteSpan modulus, sequence.ReadUnsignedInteger());
  TRY_ASSIGN(ByteSpan exponent, sequence.ReadUnsignedInteger());
  TRY(sequence.ExpectEnd());
  return RsaPublicKey{modulus, exponent};
}

}  // namespace

size_t RsaPublicKey::modulus_bits() const {
  return 8 * modulus.size() - static_cast<size_t>(std::countl_zero(modulus[0]));
}

bool RsaPublicKey::exponent_is_65537() const { return Equal(exponent, kExponent65537); }

Result<RsaPublicKey> ReadRsaPublicKey(ByteSpan der) {
  auto key = ReadStrictly(der);
  if (!key || key->modulus[0] == 0 || key->exponent[0] == 0) return BadEncoding();
  return *key;
}

}  // namespace mayfly::x509
