#include "identity/jwk_set.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "identity/base64url.h"
#include "identity/compact_jws.h"
#include "identity/signature.h"
#include "x509/ed25519_public_key.h"

namespace mayfly::identity {
namespace {

using policy::JwsAlgorithm;
using Type = VerificationKey::Type;

constexpr size_t kEd25519Bytes = 32;
constexpr size_t kRsaExponentBytesMax = 4;

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

std::optional<Bytes> BytesMember(const Json& jwk, const char* name) {
  const auto text = TextMember(jwk, name);
  if (!text) return std::nullopt;
  auto bytes = FromBase64Url(*text);
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

// RFC 7517 4.2 and 4.3.
bool IsForSignatures(const Json& jwk) {
  if (jwk.contains("use") && TextMember(jwk, "use") != "sig") return false;
  const auto operations = jwk.find("key_ops");
  if (operations == jwk.end()) return true;
  return operations->is_array() && std::ranges::find(*operations, "verify") != operations->end();
}

size_t BitsOf(ByteSpan number) {
  return number.empty() ? 0 : number.size() * 8 - std::countl_zero(number.front());
}

Type TypeFor(JwsAlgorithm algorithm) {
  switch (algorithm) {
    case JwsAlgorithm::kEs256:
      return Type::kP256;
    case JwsAlgorithm::kEs384:
      return Type::kP384;
    case JwsAlgorithm::kEs512:
      return Type::kP521;
    case JwsAlgorithm::kEdDsa:
      return Type::kEd25519;
    default:
      return Type::kRsa;
  }
}

struct Curve {
  std::string_view name;
  Type type;
  size_t coordinate_bytes;
};
constexpr Curve kCurves[] = {
    {"P-256", Type::kP256, 32}, {"P-384", Type::kP384, 48}, {"P-521", Type::kP521, 66}};

}  // namespace

std::optional<VerificationKey> VerificationKey::FromJwk(const Json& jwk) {
  VerificationKey key;
  if (!jwk.is_object() || !IsForSignatures(jwk)) return std::nullopt;
  if (jwk.contains("kid")) {
    key.key_id_ = TextMember(jwk, "kid");
    if (!key.key_id_ || key.key_id_->empty() || key.key_id_->size() > kKeyIdBytesMax) {
      return std::nullopt;
    }
  }
  if (jwk.contains("alg")) {
    key.only_for_ = policy::JwsAlgorithmFrom(TextMember(jwk, "alg").value_or(""));
    if (!key.only_for_) return std::nullopt;
  }
  // "oct" is not among them: a secret is no public key.
  const auto kind = TextMember(jwk, "kty");
  const bool is_read = (kind == "RSA" && key.ReadRsa(jwk)) || (kind == "EC" && key.ReadEc(jwk)) ||
                       (kind == "OKP" && key.ReadOkp(jwk));
  if (!is_read) return std::nullopt;
  if (key.only_for_ && TypeFor(*key.only_for_) != key.type_) return std::nullopt;
  return key;
}

// RFC 7518 6.3.1: as few octets as possible; 3.3: 2048 bits or more.
bool VerificationKey::ReadRsa(const Json& jwk) {
  const auto modulus = BytesMember(jwk, "n"), exponent = BytesMember(jwk, "e");
  if (!modulus || !exponent || modulus->empty() || exponent->empty()) return false;
  if (modulus->front() == 0 || exponent->front() == 0) return false;
  const size_t bits = BitsOf(*modulus);
  if (bits < kRsaModulusBitsMin || bits > kRsaModulusBitsMax) return false;
  const bool is_even = modulus->back() % 2 == 0 || exponent->back() % 2 == 0;
  if (is_even || exponent->size() > kRsaExponentBytesMax || *exponent == Bytes{1}) return false;
  type_ = Type::kRsa;
  members_ = {{"kty", "RSA"}, {"n", ToBase64Url(*modulus)}, {"e", ToBase64Url(*exponent)}};
  return CanBeLoaded(*this, JwsAlgorithm::kRs256);
}

// RFC 7518 6.2.1.2: the coordinates have the full size of the curve.
bool VerificationKey::ReadEc(const Json& jwk) {
  const auto name = TextMember(jwk, "crv");
  const auto* curve = std::ranges::find_if(kCurves, [&](const Curve& c) { return c.name == name; });
  if (curve == std::end(kCurves)) return false;
  const auto x = BytesMember(jwk, "x"), y = BytesMember(jwk, "y");
  if (!x || !y || x->size() != curve->coordinate_bytes || y->size() != x->size()) return false;
  type_ = curve->type;
  members_ = {{"kty", "EC"}, {"crv", *name}, {"x", ToBase64Url(*x)}, {"y", ToBase64Url(*y)}};
  return CanBeLoaded(*this, type_ == Type::kP256   ? JwsAlgorithm::kEs256
                            : type_ == Type::kP384 ? JwsAlgorithm::kEs384
                                                   : JwsAlgorithm::kEs512);
}

// RFC 8037 2.
bool VerificationKey::ReadOkp(const Json& jwk) {
  const auto point = BytesMember(jwk, "x");
  if (TextMember(jwk, "crv") != "Ed25519" || !point || point->size() != kEd25519Bytes) return false;
  if (!x509::CheckEd25519Point(*point)) return false;
  type_ = Type::kEd25519;
  ed25519_point_ = *point;
  return true;
}

bool VerificationKey::Fits(JwsAlgorithm algorithm) const {
  return TypeFor(algorithm) == type_ && (!only_for_ || *only_for_ == algorithm);
}

std::string VerificationKey::JwkFor(JwsAlgorithm algorithm) const {
  Json jwk = members_;
  jwk["alg"] = policy::JwsAlgorithmName(algorithm);
  return jwk.dump();
}

Result<JwkSet> JwkSet::Parse(std::string_view text) {
  if (text.size() > kJwksBytesMax) {
    return Bad("jwks.size", "the keys are over " + std::to_string(kJwksBytesMax) + " bytes");
  }
  auto json = ParseJsonObject(text);
  if (!json) return Bad("jwks.format", "the keys are " + json.error().message);
  const auto list = json->find("keys");
  if (list == json->end() || !list->is_array()) {
    return Bad("jwks.format", "there is no list \"keys\"");
  }
  if (list->size() > kJwksKeysMax) {
    return Bad("jwks.size", "over " + std::to_string(kJwksKeysMax) + " keys");
  }
  JwkSet set;
  std::set<std::pair<std::string, Type>> seen;
  for (const Json& jwk : *list) {
    if (!jwk.is_object()) return Bad("jwks.format", "a key is not an object");
    auto key = VerificationKey::FromJwk(jwk);
    if (!key) continue;
    if (key->key_id() && !seen.emplace(*key->key_id(), key->type()).second) {
      return Bad("jwks.key-id", "two keys of one type have the same \"kid\"");
    }
    set.keys_.push_back(*std::move(key));
  }
  if (set.keys_.empty()) return Bad("jwks.empty", "none of the keys can verify a token");
  return set;
}

const VerificationKey* JwkSet::Find(const std::optional<std::string>& key_id,
                                    JwsAlgorithm algorithm) const {
  const VerificationKey* found = nullptr;
  for (const VerificationKey& key : keys_) {
    if (!key.Fits(algorithm) || (key_id && key.key_id() != key_id)) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace mayfly::identity
