// Port: our own CA certificates. The same order as for leaves: recorded, signed, confirmed.
// Implemented by store/ca_registry.h. Used at start and by init-ca; blocking.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lint/linted_tbs.h"
#include "ports/ledger.h"
#include "x509/certificate.h"
#include "x509/subject_public_key_info.h"

namespace mayfly {

struct IssuerEntry {
  IssuerId id;
  std::string name;  // [a-z0-9-]{1,63}, as in issuers/{issuer}
  x509::Name subject;
  x509::SubjectPublicKeyInfo key;
};

struct CaCertificateEntry {
  IssuerId subject;  // whose certificate it is
  IssuerId issuer;   // who signed it; the same for a root
  policy::CaKind kind;
  x509::Certificate certificate;
};

// A CA's TBSCertificate with a durable record. Only a CaRegistry can make one.
class RecordedCaTbs {
 public:
  RecordedCaTbs(RecordedCaTbs&&) = default;
  ByteSpan tbs() const { return tbs_; }
  const CertificateKey& key() const { return key_; }

 private:
  friend class CaRegistry;
  RecordedCaTbs(Bytes tbs, CertificateKey key) : tbs_(std::move(tbs)), key_(std::move(key)) {}
  Bytes tbs_;
  CertificateKey key_;
};

class CaRegistry {
 public:
  virtual ~CaRegistry() = default;
  // Finds or makes it. Error kConflict "issuer.changed": the name exists with another subject or
  // key.
  virtual Result<IssuerEntry> RegisterIssuer(const std::string& name, const x509::Name& subject,
                                             const x509::SubjectPublicKeyInfo& key) = 0;
  // Each name and id is there once; else kConfiguration "issuer.twice".
  virtual Result<std::vector<IssuerEntry>> Issuers() = 0;
  virtual Result<RecordedCaTbs> RecordCaCertificate(const lint::LintedCaTbs& tbs, IssuerId subject,
                                                    IssuerId issuer, policy::CaKind kind) = 0;
  virtual Status ConfirmCaCertificate(const CertificateKey& key, ByteSpan signature) = 0;
  // Those confirmed, newest notBefore first.
  virtual Result<std::vector<CaCertificateEntry>> CaCertificates() = 0;

 protected:
  static RecordedCaTbs MakeRecorded(Bytes tbs, CertificateKey key) {
    return RecordedCaTbs(std::move(tbs), std::move(key));
  }
};

}  // namespace mayfly
