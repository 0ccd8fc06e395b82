// Keys made in the test, their JWKs, and tokens signed with them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

#include "identity/base64url.h"
#include "identity/jwk_set.h"
#include "identity/token.h"

namespace mayfly::identity {

using policy::JwsAlgorithm;

constexpr TimePoint kNow{std::chrono::seconds(1'800'000'000)};
inline const std::string kIssuer = "https://issuer.example";
inline const std::string kAudience = "mayfly";

inline int64_t At(int64_t offset_s) { return 1'800'000'000 + offset_s; }

class TestKey {
 public:
  static TestKey Rsa(unsigned bits = 2048) { return TestKey(EVP_RSA_gen(bits)); }
  static TestKey Ec(const char* curve = "P-256") { return TestKey(EVP_EC_gen(curve)); }
  static TestKey Ed25519() { return TestKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  Json Jwk(const std::string& kid) const;
  Bytes Sign(JwsAlgorithm algorithm, std::string_view text) const;
  std::string Pem() const {  // the public key, as somebody would take it for a secret
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key_.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    return pem;
  }

 private:
  explicit TestKey(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) {}
  Bytes Number(const char* name, size_t bytes_min = 0) const {
    BIGNUM* number = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key_.get(), name, &number), 1);
    const size_t size = std::max(bytes_min, static_cast<size_t>(BN_num_bytes(number)));
    Bytes bytes(size);
    BN_bn2binpad(number, bytes.data(), static_cast<int>(size));
    BN_free(number);
    return bytes;
  }
  size_t CoordinateBytes() const { return (EVP_PKEY_get_bits(key_.get()) + 7) / 8; }
  std::shared_ptr<EVP_PKEY> key_;
};

inline Json TestKey::Jwk(const std::string& kid) const {
  Json jwk = {{"kid", kid}};
  if (EVP_PKEY_is_a(key_.get(), "RSA")) {
    jwk["kty"] = "RSA";
    jwk["n"] = ToBase64Url(Number(OSSL_PKEY_PARAM_RSA_N));
    jwk["e"] = ToBase64Url(Number(OSSL_PKEY_PARAM_RSA_E));
  } else if (EVP_PKEY_is_a(key_.get(), "EC")) {
    jwk["kty"] = "EC";
    jwk["crv"] = "P-" + std::to_string(EVP_PKEY_get_bits(key_.get()));
    jwk["x"] = ToBase64Url(Number(OSSL_PKEY_PARAM_EC_PUB_X, CoordinateBytes()));
    jwk["y"] = ToBase64Url(Number(OSSL_PKEY_PARAM_EC_PUB_Y, CoordinateBytes()));
  } else {
    Bytes point(32);
    size_t size = point.size();
    EVP_PKEY_get_raw_public_key(key_.get(), point.data(), &size);
    jwk["kty"] = "OKP";
    jwk["crv"] = "Ed25519";
    jwk["x"] = ToBase64Url(point);
  }
  return jwk;
}

inline Bytes TestKey::Sign(JwsAlgorithm algorithm, std::string_view text) const {
  const std::string_view name = policy::JwsAlgorithmName(algorithm);
  const bool is_eddsa = algorithm == JwsAlgorithm::kEdDsa;
  const EVP_MD* digest = is_eddsa                ? nullptr
                         : name.ends_with("256") ? EVP_sha256()
                         : name.ends_with("384") ? EVP_sha384()
                                                 : EVP_sha512();
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &options, digest, nullptr, key_.get()), 1);
  if (name.starts_with("PS")) {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
  }
  const ByteSpan message = AsBytes(text);
  size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size());
  Bytes signature(size);
  EXPECT_EQ(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()),
            1);
  signature.resize(size);
  if (!name.starts_with("ES")) return signature;
  const unsigned char* at = signature.data();
  ECDSA_SIG* parsed = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
  const auto half = static_cast<int>(CoordinateBytes());
  Bytes raw(2 * static_cast<size_t>(half));  // RFC 7518 3.4
  BN_bn2binpad(ECDSA_SIG_get0_r(parsed), raw.data(), half);
  BN_bn2binpad(ECDSA_SIG_get0_s(parsed), raw.data() + half, half);
  ECDSA_SIG_free(parsed);
  return raw;
}

inline const TestKey& EcKey() {
  static const TestKey kKey = TestKey::Ec();
  return kKey;
}
inline const TestKey& RsaKey() {
  static const TestKey kKey = TestKey::Rsa();
  return kKey;
}

inline std::string KeySetText(const std::vector<Json>& keys) { return Json{{"keys", keys}}.dump(); }
inline JwkSet KeySet(const std::vector<Json>& keys) {
  return JwkSet::Parse(KeySetText(keys)).value();
}

inline policy::TokenIssuer Rules() {
  policy::TokenIssuer rules;
  rules.name = "cluster";
  rules.issuer = kIssuer;
  rules.audience = kAudience;
  rules.algorithms = {JwsAlgorithm::kEs256, JwsAlgorithm::kRs256};
  rules.claims = {{"namespace", {"kubernetes.io", "namespace"}},
                  {"serviceaccount", {"kubernetes.io", "serviceaccount", "name"}}};
  return rules;
}

// As a Kubernetes API server writes them.
inline Json Claims() {
  return {{"iss", kIssuer},
          {"aud", Json::array({kAudience})},
          {"sub", "system:serviceaccount:prod:api"},
          {"iat", At(-60)},
          {"nbf", At(-60)},
          {"exp", At(600)},
          {"kubernetes.io",
           {{"namespace", "prod"},
            {"pod", {{"name", "api-7d9f"}, {"uid", "6e2f"}}},
            {"serviceaccount", {{"name", "api"}, {"uid", "11aa"}}}}}};
}
inline Json ClaimsWith(const std::string& name, const Json& value) {
  Json claims = Claims();
  claims[name] = value;
  return claims;
}
inline Json ClaimsWithout(const std::string& name) {
  Json claims = Claims();
  claims.erase(name);
  return claims;
}

inline std::string SignedText(const TestKey& key, JwsAlgorithm algorithm, std::string_view header,
                              std::string_view payload) {
  const std::string text = ToBase64Url(AsBytes(header)) + "." + ToBase64Url(AsBytes(payload));
  return text + "." + ToBase64Url(key.Sign(algorithm, text));
}
inline Json HeaderFor(JwsAlgorithm algorithm, const std::string& kid = "k1") {
  return {{"alg", policy::JwsAlgorithmName(algorithm)}, {"kid", kid}};
}
// Signed with EcKey, unless the test says otherwise.
inline std::string Token(const Json& claims = Claims(),
                         const Json& header = HeaderFor(JwsAlgorithm::kEs256)) {
  return SignedText(EcKey(), JwsAlgorithm::kEs256, header.dump(), claims.dump());
}

inline Result<VerifiedToken> VerifyNow(std::string_view text, const policy::TokenIssuer& rules,
                                       const JwkSet& keys, TimePoint now = kNow) {
  TRY_ASSIGN(const UnverifiedToken token, UnverifiedToken::Parse(text, kTokenBytesMaxDefault));
  return VerifyWith(token, rules, keys, now);
}
inline Result<VerifiedToken> VerifyNow(std::string_view text, TimePoint now = kNow) {
  return VerifyNow(text, Rules(), KeySet({EcKey().Jwk("k1")}), now);
}

// The rule that refused, or "" and what was verified.
template <class T>
std::string RuleOf(const Result<T>& result) {
  if (result) return "";
  return result.error().rule;
}

}  // namespace mayfly::identity
