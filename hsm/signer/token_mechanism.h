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
  ByteSpan ec_params;         // of curves
  CK_ULONG rsa_modulus_bits;  // of RSA
};
const TokenMechanism& MechanismOf(KeyKind kind);

// From CKA_EC_PARAMS and CKA_EC_POINT. Errors: "signer.key-type".
Result<x509::SubjectPublicKeyInfo> EcPublicKey(ByteSpan params, ByteSpan point);
// From CKA_EC_POINT. Errors: "signer.key-type".
Result<x509::SubjectPublicKeyInfo> EdwardsPublicKey(ByteSpan point);

// From CKA_MODULUS and CKA_PUBLIC_EXPONENT. Errors: "signer.key-type".
Result<x509::SubjectPublicKeyInfo> RsaPublicKey(ByteSpan modulus, ByteSpan exponent);

// What the token is given to sign: a hash for ECDSA, otherwise the whole message. tpm2-pkcs11 signs
// a hash by RSA only with a key that may decrypt as well.
Bytes SignatureInput(KeyKind kind, ByteSpan message);
// A token's signature as X.509 has it. Errors: "signer.token-failed", for one of another length.
Result<Bytes> SignatureOutput(KeyKind kind, ByteSpan raw);

}  // namespace mayfly::hsm
