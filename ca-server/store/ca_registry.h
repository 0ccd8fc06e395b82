// PgCaRegistry: issuers and our own CA certificates. Blocking; for one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "ports/ca_registry.h"
#include "store/pqxx.h"

namespace mayfly::store {

class PgCaRegistry final : public CaRegistry {
 public:
  struct Options {
    std::string connection;
    std::optional<std::filesystem::path> password_file;
    // mayfly_issue reads; only the schema's owner registers issuers and CA certificates, for they
    // are what everybody trusts. Empty: whoever the connection says.
    std::string role = "mayfly_issue";
    std::string principal = {};  // who registers: "local:UID", for the audit log
  };
  explicit PgCaRegistry(Options options);

  Result<IssuerEntry> RegisterIssuer(const std::string& name, const x509::Name& subject,
                                     const x509::SubjectPublicKeyInfo& key) override;
  Result<std::vector<IssuerEntry>> Issuers() override;
  Result<RecordedCaTbs> RecordCaCertificate(const lint::LintedCaTbs& tbs, IssuerId subject,
                                            IssuerId issuer, policy::CaKind kind) override;
  // The first signature stands; another one for the same record changes nothing. With it comes the
  // event "ca.certified", which has the certificate: the audit log is of every certificate.
  Status ConfirmCaCertificate(const CertificateKey& key, ByteSpan signature) override;
  Result<std::vector<CaCertificateEntry>> CaCertificates() override;

 private:
  Session& Connected();
  const SessionOptions session_options_;
  const std::string principal_;
  std::unique_ptr<Session> session_;
};

}  // namespace mayfly::store
