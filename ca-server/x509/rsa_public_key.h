// RSAPublicKey (RFC 8017 A.1.1), and signs of a modulus that others can factor.
#pragma once

#include "base/bytes.h"

namespace mayfly::x509 {

struct RsaPublicKey {
  ByteSpan modulus;  // big endian, without leading zero octets; views into what was read
  ByteSpan exponent;
  size_t modulus_bits() const;
  bool exponent_is_65537() const;
};

// Errors: kKeyRejected "key.encoding".
Result<RsaPublicKey> ReadRsaPublicKey(ByteSpan der);

// ok where none of these is found: a small factor or even modulus; a modulus that is a prime; two
// primes so close that Fermat's method finds them; the fingerprint of ROCA (CVE-2017-15361).
// Errors: kKeyRejected "key.rsa-weak". For moduli that the key rules have let through.
Status CheckRsaModulus(ByteSpan modulus);

}  // namespace mayfly::x509
