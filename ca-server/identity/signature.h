// Signatures of JWS: José (libjose) checks RSA and ECDSA, OpenSSL Ed25519, which José 11 lacks.
#pragma once

#include "identity/compact_jws.h"
#include "identity/jwk_set.h"

namespace mayfly::identity {

// Whether `key` signed `jws` by `algorithm`, which must be the one in its header; what does not fit
// the key is false.
bool IsSignedBy(const CompactJws& jws, const VerificationKey& key, policy::JwsAlgorithm algorithm);

// Whether the library takes the key: a point must be on its curve.
bool CanBeLoaded(const VerificationKey& key, policy::JwsAlgorithm algorithm);

}  // namespace mayfly::identity
