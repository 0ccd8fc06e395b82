// SubjectPublicKeyInfo (RFC 5280 4.1.2.7): strict structure, a known algorithm, the raw DER.
// Whether such a key may be certified is the key policy's question, not this one's.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace mayfly::x509 {

enum class KeyType : uint8_t { kEcP256, kEcP384, kEcP521, kEd25519, kRsa };
std::string_view KeyTypeName(KeyType type);  // "ec-p256" ...

constexpr size_t kSpkiDerBytesMax = 8192;

class SubjectPublicKeyInfo {
 public:
  // Errors: kBadDer "der.*"; kKeyRejected "key.algorithm" (unknown OID, id-RSASSA-PSS, explicit or
  // missing EC parameters, RSA without NULL), "key.encoding" (point not uncompressed or of the
  // wrong length, RSA modulus or exponent not a positive minimal INTEGER).
  static Result<SubjectPublicKeyInfo> FromDer(ByteSpan der);

  KeyType type() const { return type_; }
  ByteSpan der() const { return der_; }
  // The BIT STRING's contents without the unused-bits octet (RFC 6960 issuerKeyHash, SKI method 1).
  ByteSpan key_bits() const { return key_bits_is_tail(); }
  size_t rsa_modulus_bits() const { return rsa_modulus_bits_; }  // 0 unless kRsa
  Hash256 hash() const;                                          // SHA-256 over der()
  Hash160 key_identifier() const;                                // SHA-1 over key_bits()
  friend bool operator==(const SubjectPublicKeyInfo& a, const SubjectPublicKeyInfo& b) {
    return a.der_ == b.der_;
  }

 private:
  SubjectPublicKeyInfo(KeyType type, Bytes der, size_t key_bits_size, size_t rsa_modulus_bits)
      : type_(type),
        der_(std::move(der)),
        key_bits_size_(key_bits_size),
        rsa_modulus_bits_(rsa_modulus_bits) {}
  ByteSpan key_bits_is_tail() const { return ByteSpan(der_).last(key_bits_size_); }
  KeyType type_;
  Bytes der_;
  size_t key_bits_size_;
  size_t rsa_modulus_bits_;
};

}  // namespace mayfly::x509
