// Port: a key that signs. Implemented by hsm/signer_client.h (mayfly-signer over a Unix socket) and
// hsm/software_signer.h (development). tests/contract/signer_contract.h is the suite for both.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/task.h"
#include "base/uuid.h"
#include "x509/signature.h"
#include "x509/subject_public_key_info.h"

namespace mayfly {

// Why a signature is wanted. A key serves only the purposes it was configured for.
enum class SignPurpose : uint8_t {
  kCertificate = 1,    // a recorded TBSCertificate
  kCaCertificate = 2,  // a recorded TBSCertificate of a CA of ours
  kCrl = 3,
  kOcsp = 4,
  kAudit = 5,
  kCanary = 6,  // any key: proves that it works and that we hold it
};
std::string_view SignPurposeName(SignPurpose purpose);

constexpr size_t kSignMessageBytesMax = 1 << 20;
constexpr std::string_view kCanaryPrefix = "mayfly canary\n";  // every canary message begins so

struct KeyReference {
  std::string uri;    // RFC 7512: token by label or serial, never by slot number
  Hash256 spki_hash;  // SHA-256 of the SubjectPublicKeyInfo that must be found there
};

struct SignJob {
  Uuid id;  // the same when the same job is tried again
  SignPurpose purpose;
  KeyReference key;
  x509::SignatureAlgorithm algorithm;
  Bytes message;  // the whole message: no port speaks of digests
  BootTime deadline;
};

struct SignResult {
  enum class Outcome : uint8_t {
    kSigned,
    kNotSigned,          // certainly not: try again whenever you like
    kMayHaveBeenSigned,  // nobody knows; the job may go anywhere again, the first outcome wins
    kRefused,            // never going to be: wrong key or purpose, or the job killed two workers
  };
  Outcome outcome;
  Bytes signature;  // kSigned: as X.509 has it (ECDSA: DER Ecdsa-Sig-Value)
  Error error;      // the others: kSignerUnavailable, "signer.*"
};

class Signer {
 public:
  virtual ~Signer() = default;
  // Answers by the job's deadline, whatever the token does. Does not retry.
  virtual Task<SignResult> Sign(SignJob job) = 0;
  // The public key that the URI names. Errors: kSignerUnavailable "signer.*", kNotFound
  // "signer.key-not-found".
  virtual Task<Result<x509::SubjectPublicKeyInfo>> PublicKey(std::string uri,
                                                             BootTime deadline) = 0;
};

}  // namespace mayfly
