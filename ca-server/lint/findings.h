// What the lints of leaves and of CA certificates have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/certificate_template.h"
#include "x509/tbs_certificate.h"

namespace mayfly::lint {

// Every finding is noted; the caller asks for the verdict at the end.
class Findings {
 public:
  void Note(std::string rule, std::string field, std::string message) {
    violations_.push_back({std::move(rule), std::move(field), std::move(message)});
  }
  void Require(bool holds, std::string rule, std::string field, std::string message) {
    if (!holds) Note(std::move(rule), std::move(field), std::move(message));
  }
  // kLintFailed with all of them, or ok.
  Status Verdict() &&;

 private:
  std::vector<Violation> violations_;
};

// The TBSCertificate that is in the bytes, whatever object they came in. Errors: kLintFailed
// "lint.encoding".
Result<x509::TbsCertificate> ReadBack(const x509::TbsCertificate& tbs);

// lint.serial
void CheckSerial(const x509::TbsCertificate& tbs, TimePoint now, Findings& findings);

// lint.issuer: the name and the algorithm.
void CheckIssuer(const x509::TbsFields& fields, const policy::IssuerIdentity& issuer,
                 Findings& findings);

// lint.issuer: the AKI.
void CheckAuthorityKeyIdentifier(const x509::TbsFields& fields,
                                 const policy::IssuerIdentity& issuer, Findings& findings);

// One extension that must be there, and whether it must be critical.
struct ExpectedExtension {
  const der::Oid& oid;
  std::string name;
  x509::Criticality criticality;
};
// lint.extensions: each of them once with that criticality, and no other.
void CheckExtensionSet(const x509::Extensions& extensions,
                       const std::vector<ExpectedExtension>& expected, Findings& findings);

// lint.revocation: the AIA holds these URLs in this order, and is absent where there are none.
void CheckPointers(const x509::Extensions& extensions, const std::vector<std::string>& ocsp_urls,
                   const std::vector<std::string>& ca_issuers_urls, Findings& findings);

}  // namespace mayfly::lint
