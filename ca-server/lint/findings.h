// What the lints of leaves and of CA certificates have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lint/linted_tbs.h"
#include "policy/certificate_template.h"
#include "x509/tbs_certificate.h"

namespace mayfly::lint {

// Every finding is noted with its weight; the caller asks for the verdict at the end.
class Findings {
 public:
  Findings() = default;  // every lint weighs what the catalog says
  explicit Findings(const policy::LintSeverities& severities) : severities_(severities) {}

  void Note(std::string rule, std::string field, std::string message);
  void Require(bool holds, std::string rule, std::string field, std::string message) {
    if (!holds) Note(std::move(rule), std::move(field), std::move(message));
  }
  const std::vector<Finding>& all() const { return all_; }

 private:
  policy::LintSeverities severities_;
  std::vector<Finding> all_;
};

// kLintFailed with all that are errors, or ok.
Status VerdictOf(const std::vector<Finding>& findings);

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

// lint.revocation: CRLDistributionPoints holds these URLs, each a point of its own with its full
// name, and is absent where there are none.
void CheckCrlUrls(const x509::Extensions& extensions, const std::vector<std::string>& urls,
                  Findings& findings);

// lint.revocation: the AIA holds these URLs in this order, and is absent where there are none.
void CheckPointers(const x509::Extensions& extensions, const std::vector<std::string>& ocsp_urls,
                   const std::vector<std::string>& ca_issuers_urls, Findings& findings);

}  // namespace mayfly::lint
