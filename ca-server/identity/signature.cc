#include "identity/signature.h"

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

extern "C" {  // which its headers leave to us
#include <jose/jws.h>
#include <jose/openssl.h>
}

namespace mayfly::identity {
namespace {

using policy::JwsAlgorithm;

struct JanssonDeleter {
  void operator()(json_t* json) const { json_decref(json); }
};
using JanssonPtr = std::unique_ptr<json_t, JanssonDeleter>;
struct JoseDeleter {
  void operator()(jose_cfg_t* cfg) const { jose_cfg_decref(cfg); }
};
struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyDeleter>;
struct DigestDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// By default José writes its complaints to standard error.
void Silence(void*, const char*, int, uint64_t, const char*, va_list) {}

std::unique_ptr<jose_cfg_t, JoseDeleter> QuietJose() {
  std::unique_ptr<jose_cfg_t, JoseDeleter> cfg(jose_cfg());
  if (cfg) jose_cfg_set_err_func(cfg.get(), &Silence, nullptr);
  return cfg;
}

JanssonPtr JanssonOf(const std::string& text) {
  return JanssonPtr(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr));
}

bool CheckByJose(const CompactJws& jws, const VerificationKey& key, JwsAlgorithm algorithm) {
  const auto cfg = QuietJose();
  const JanssonPtr jwk = JanssonOf(key.JwkFor(algorithm));
  const JanssonPtr flattened(json_pack(
      "{s:s%, s:s%, s:s%}", "protected", jws.protected_text().data(), jws.protected_text().size(),
      "payload", jws.payload_text().data(), jws.payload_text().size(), "signature",
      jws.signature_text().data(), jws.signature_text().size()));
  return cfg && jwk && flattened &&
         jose_jws_ver(cfg.get(), flattened.get(), nullptr, jwk.get(), /*all=*/true);
}

// RFC 8037 3.1.
bool CheckEd25519(const CompactJws& jws, const VerificationKey& key) {
  const ByteSpan point = key.ed25519_point();
  const KeyPtr loaded(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, point.data(), point.size()));
  const std::unique_ptr<EVP_MD_CTX, DigestDeleter> context(EVP_MD_CTX_new());
  const std::string signed_text = jws.protected_text() + "." + jws.payload_text();
  const ByteSpan signature = jws.signature(), message = AsBytes(signed_text);
  return loaded && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, loaded.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

bool IsSignedBy(const CompactJws& jws, const VerificationKey& key, JwsAlgorithm algorithm) {
  // José would find it again in header and key; neither is asked what the algorithm is.
  if (jws.algorithm() != policy::JwsAlgorithmName(algorithm) || !key.Fits(algorithm)) return false;
  const bool holds =
      algorithm == JwsAlgorithm::kEdDsa ? CheckEd25519(jws, key) : CheckByJose(jws, key, algorithm);
  ERR_clear_error();
  return holds;
}

bool CanBeLoaded(const VerificationKey& key, JwsAlgorithm algorithm) {
  const auto cfg = QuietJose();
  const JanssonPtr jwk = JanssonOf(key.JwkFor(algorithm));
  const KeyPtr loaded(cfg && jwk ? jose_openssl_jwk_to_EVP_PKEY(cfg.get(), jwk.get()) : nullptr);
  ERR_clear_error();
  return loaded != nullptr;
}

}  // namespace mayfly::identity
