// A SubjectPublicKeyInfo as OpenSSL's EVP_PKEY. Parsing stays ours: OpenSSL sees a point and the
// name of its curve, or a modulus and an exponent, never DER.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "x509/subject_public_key_info.h"

namespace mayfly::x509 {

using EvpKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// An EC point is checked to be on its curve. Errors: kKeyRejected "key.import".
Result<EvpKey> ImportPublicKey(const SubjectPublicKeyInfo& spki);

}  // namespace mayfly::x509
