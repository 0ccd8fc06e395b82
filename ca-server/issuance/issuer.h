// Issuer: a name and a key that signs certificates. It signs RecordedTbs and nothing else, and
// what it gives has been verified in software.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/certificate_template.h"
#include "ports/ca_registry.h"
#include "ports/ledger.h"
#include "signing/signing_key.h"
#include "x509/certificate.h"

namespace mayfly::issuance {

struct IssuerParts {
  IssuerId id;
  std::string name;
  std::shared_ptr<signing::SigningKey> key;  // which its certificate names
  x509::Certificate certificate;             // its newest
  std::vector<Bytes> chain;                  // certificate and those above it, not the root; DER
  std::vector<std::string> ocsp_urls;
  std::vector<std::string> ca_issuers_urls;
  std::vector<std::string> crl_urls;
};

class Issuer {
 public:
  explicit Issuer(IssuerParts parts);

  IssuerId id() const { return parts_.id; }
  const std::string& name() const { return parts_.name; }
  const policy::IssuerIdentity& identity() const { return identity_; }
  const std::vector<Bytes>& chain() const { return parts_.chain; }
  const x509::SubjectPublicKeyInfo& key() const;

  // Errors: SigningKey::Sign's.
  Task<Result<Bytes>> Sign(const RecordedTbs& record, BootTime deadline,
                           signing::Patience patience) const;
  // In service, out or quarantined.
  signing::PlaceState Standing() const { return parts_.key->Standing(); }
  Status KeyTrouble() const { return parts_.key->Trouble(); }

 private:
  IssuerParts parts_;
  policy::IssuerIdentity identity_;
};

// For our own CA certificates: the same, for RecordedCaTbs.
Task<Result<Bytes>> SignCaCertificate(const RecordedCaTbs& record, signing::SigningKey& key,
                                      BootTime deadline);

// Those of a CA's certificate; where they cannot be read, such that permit nothing.
x509::NameConstraints ConstraintsOf(const x509::Certificate& certificate);

// What a CA of ours puts into what it signs.
policy::IssuerIdentity IdentityOf(const x509::Certificate& certificate,
                                  x509::SignatureAlgorithm algorithm);

}  // namespace mayfly::issuance
