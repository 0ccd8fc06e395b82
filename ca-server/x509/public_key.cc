#include "x509/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "x509/rsa_public_key.h"

namespace mayfly::x509 {
namespace {

using Bignum = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using Params = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;

EVP_PKEY* FromData(const char* type, OSSL_PARAM* params) {
  KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    return nullptr;
  }
  return key;
}

const char* GroupName(KeyType type) {
  switch (type) {
    case KeyType::kEcP256:
      return "P-256";
    case KeyType::kEcP384:
      return "P-384";
    default:
      return "P-521";
  }
}

EVP_PKEY* ImportEc(KeyType type, ByteSpan point) {
  // OSSL_PARAM has no pointers to const; fromdata only reads.
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                       const_cast<char*>(GroupName(type)), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<uint8_t*>(point.data()),
                                        point.size()),
      OSSL_PARAM_construct_end()};
  return FromData("EC", params);
}

EVP_PKEY* ImportRsa(const RsaPublicKey& rsa) {
  Bignum modulus(BN_bin2bn(rsa.modulus.data(), static_cast<int>(rsa.modulus.size()), nullptr),
                 BN_free);
  Bignum exponent(BN_bin2bn(rsa.exponent.data(), static_cast<int>(rsa.exponent.size()), nullptr),
                  BN_free);
  ParamBuilder builder(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  if (!modulus || !exponent || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  Params params(OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
  return params ? FromData("RSA", params.get()) : nullptr;
}

EVP_PKEY* Import(const SubjectPublicKeyInfo& spki) {
  ByteSpan bits = spki.key_bits();
  if (spki.type() == KeyType::kEd25519) {
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bits.data(), bits.size());
  }
  if (spki.type() != KeyType::kRsa) return ImportEc(spki.type(), bits);
  auto rsa = ReadRsaPublicKey(bits);
  return rsa ? ImportRsa(*rsa) : nullptr;
}

}  // namespace

Result<EvpKey> ImportPublicKey(const SubjectPublicKeyInfo& spki) {
  EvpKey key(Import(spki), EVP_PKEY_free);
  // The library queues its reasons per thread; nobody reads them, so they must not pile up.
  ERR_clear_error();
  if (!key) {
    return Fail(ErrorCode::kKeyRejected, "key.import",
                "the public key is not a sound one of its type (an EC point must be on its curve)");
  }
  return key;
}

}  // namespace mayfly::x509
