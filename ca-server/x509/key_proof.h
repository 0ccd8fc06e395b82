// KeyProof: how a request shows that its public key's private half is the requester's. gRPC carries
// PKCS#10; an adapter may bring another kind, and nothing behind it knows the difference.
#pragma once

#include <functional>
#include <variant>

#include "base/bytes.h"
#include "x509/general_name.h"
#include "x509/proven_key.h"

namespace mayfly::x509 {

// RFC 2986.
struct CertificationRequestDer {
  Bytes der;
};

// A signature over a statement that the adapter made and only this request can have, e.g. a
// Kubernetes pod's UID (PodCertificateRequest's proofOfPossession). At most kCsrDerBytesMax each.
struct SignedStatement {
  Bytes spki_der;
  SignatureAlgorithm algorithm;
  Bytes statement;
  Bytes signature;
};

using KeyProof = std::variant<CertificationRequestDer, SignedStatement>;

// A proof that was read, and not verified yet: that costs more than all that can refuse before.
struct ShownKey {
  SubjectPublicKeyInfo spki;
  GeneralNames names;  // that the proof carries: a CSR's
  // Errors: as ProvenKey::FromRequest; of a SignedStatement kKeyRejected "key.proof" in the place
  // of "csr.signature".
  std::function<Result<ProvenKey>(const KeyRules&)> prove;
};

// Errors: as CertificationRequest::FromDer and SubjectPublicKeyInfo::FromDer; kKeyRejected
// "key.proof-size".
Result<ShownKey> ReadKeyProof(const KeyProof& proof);

// For the hash of a request's body: equal for equal proofs alone, and of a CSR its DER.
Bytes KeyProofOctets(const KeyProof& proof);

}  // namespace mayfly::x509
