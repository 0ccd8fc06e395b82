// How PKCS#11 makes, reads and uses each kind of key.
#pragma once

#include <p11-kit/pkcs11.h>

#include "hsm/client/key_kind.h"

namespace mayfly::hsm {

struct TokenMechanism {
  KeyKind kind;
  CK_KEY_TYPE key_type;
  CK_MECHANISM_TYPE generation;
  CK_MECHANISM_TYPE signature;
  ByteSpan ec_params;
};
const TokenMechanism& MechanismOf(KeyKind kind);

// From CKA_EC_PARAMS and CKA_EC_POINT. Errors: "signer.key-type".
Result<x509::SubjectPublicKeyInfo> EcPublicKey(ByteSpan params, ByteSpan point);
// From CKA_EC_POINT. Errors: "signer.key-type".
Result<x509::SubjectPublicKeyInfo> EdwardsPublicKey(ByteSpan point);

// What the token is given to sign: a hash for ECDSA, the whole message for Ed25519.
Bytes SignatureInput(KeyKind kind, ByteSpan message);
// A token's signature as X.509 has it. Errors: "signer.token-failed", for one of another length.
Result<Bytes> SignatureOutput(KeyKind kind, ByteSpan raw);

}  // namespace mayfly::hsm
