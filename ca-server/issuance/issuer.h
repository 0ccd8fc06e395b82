// Issuer: a name and a key that signs certificates. It signs RecordedTbs and nothing else, and
// what it gives has been verified in software.
#pragma once

#include <string>
#include <vector>

#include "base/executor.h"
#include "policy/certificate_template.h"
#include "ports/ca_registry.h"
#include "ports/ledger.h"
#include "ports/signer.h"
#include "x509/certificate.h"

namespace mayfly::issuance {

// One try at the signer is given at most this long, so that a hung worker leaves time for another.
constexpr Milliseconds kSignTryMax{2000};
// Between two tries.
constexpr Milliseconds kSignRetryPause{50};

// What signing needs beside the key.
struct SigningTools {
  const Clock& clock;
  RandomSource& random;
  Signer& signer;
  Timer& timer;
  Executor& executor;
};

struct IssuerParts {
  IssuerId id;
  std::string name;
  std::string key_uri;
  x509::Certificate certificate;  // its newest
  std::vector<Bytes> chain;       // certificate and those above it, not the root; DER
  std::vector<std::string> ocsp_urls;
  std::vector<std::string> ca_issuers_urls;
  std::vector<std::string> crl_urls;
};

// A fresh challenge signed by the key at a URI: proves that the token holds it and that it works.
struct CanaryProof {
  x509::SubjectPublicKeyInfo key;
  x509::SignatureAlgorithm algorithm;
  Bytes challenge;
  Bytes signature;
};

class Issuer {
 public:
  Issuer(IssuerParts parts, SigningTools tools);

  IssuerId id() const { return parts_.id; }
  const std::string& name() const { return parts_.name; }
  const policy::IssuerIdentity& identity() const { return identity_; }
  const std::vector<Bytes>& chain() const { return parts_.chain; }
  const x509::SubjectPublicKeyInfo& key() const;

  // Tries again, with the same job id, while the signer is away and the deadline allows.
  // Errors: kSignerUnavailable "signer.*", kSignatureInvalid "signature.*", kDeadlineExceeded.
  Task<Result<Bytes>> Sign(const RecordedTbs& record, BootTime deadline) const;

  // Another key of the same token (the responder's) shows that it is there.
  Task<Result<CanaryProof>> ProveKey(std::string uri, BootTime deadline) const;

 private:
  IssuerParts parts_;
  policy::IssuerIdentity identity_;
  SigningTools tools_;
};

// For our own CA certificates: the same, for RecordedCaTbs. `key` signs.
Task<Result<Bytes>> SignCaCertificate(const RecordedCaTbs& record, KeyReference key,
                                      x509::SubjectPublicKeyInfo public_key, SigningTools tools,
                                      BootTime deadline);

// Those of a CA's certificate; where they cannot be read, such that permit nothing.
x509::NameConstraints ConstraintsOf(const x509::Certificate& certificate);

// What a CA of ours puts into what it signs.
policy::IssuerIdentity IdentityOf(const x509::Certificate& certificate,
                                  x509::SignatureAlgorithm algorithm);

}  // namespace mayfly::issuance
