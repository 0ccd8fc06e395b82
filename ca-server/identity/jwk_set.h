// JwkSet: an issuer's public keys (RFC 7517 5), those that can verify a token.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "identity/json_object.h"
#include "policy/token_issuer.h"

namespace mayfly::identity {

constexpr size_t kJwksBytesMax = 256 * 1024;
constexpr size_t kJwksKeysMax = 128;
constexpr size_t kRsaModulusBitsMin = 2048, kRsaModulusBitsMax = 8192;

class VerificationKey {
 public:
  enum class Type : uint8_t { kRsa, kP256, kP384, kP521, kEd25519 };

  // Nothing where no token may be verified with it: another type or curve, for another use
  // (use, key_ops, an algorithm that we do not know), too small, not on its curve, malformed.
  static std::optional<VerificationKey> FromJwk(const Json& jwk);

  Type type() const { return type_; }
  const std::optional<std::string>& key_id() const { return key_id_; }
  // The algorithm is one for keys of this type (RFC 8725 3.1), and the one that the key is for.
  bool Fits(policy::JwsAlgorithm algorithm) const;
  // The public members alone, with what the signature is to be checked by: what the library gets.
  std::string JwkFor(policy::JwsAlgorithm algorithm) const;
  ByteSpan ed25519_point() const { return ed25519_point_; }  // kEd25519

 private:
  VerificationKey() = default;
  bool ReadRsa(const Json& jwk);
  bool ReadEc(const Json& jwk);
  bool ReadOkp(const Json& jwk);
  Type type_ = Type::kRsa;
  std::optional<std::string> key_id_;
  std::optional<policy::JwsAlgorithm> only_for_;
  Json members_;
  Bytes ed25519_point_;
};

class JwkSet {
 public:
  // Keys that cannot verify a token are left out (RFC 7517 5: others may grow beside ours). Errors,
  // kInvalidArgument:
  //   "jwks.size"       over kJwksBytesMax, or over kJwksKeysMax keys
  //   "jwks.format"     not an object with a list of objects, "keys"
  //   "jwks.key-id"     two usable keys of one type with one "kid": which is meant could not be
  //   told "jwks.empty"      no usable key at all
  static Result<JwkSet> Parse(std::string_view text);

  const std::vector<VerificationKey>& keys() const { return keys_; }
  // The key that a token names; for a token that names none, the only one that fits. Null where
  // there is none or more than one.
  const VerificationKey* Find(const std::optional<std::string>& key_id,
                              policy::JwsAlgorithm algorithm) const;

 private:
  std::vector<VerificationKey> keys_;
};

}  // namespace mayfly::identity
