// LintedTbs: a TBSCertificate whose bytes passed every lint. Move-only, and it can only come from
// Lint(): signing bytes that were not linted does not compile.
#pragma once

#include "policy/authorizer.h"
#include "policy/certificate_template.h"
#include "x509/tbs_certificate.h"

namespace mayfly::lint {

class LintedTbs {
 public:
  LintedTbs(LintedTbs&&) = default;
  LintedTbs& operator=(LintedTbs&&) = default;
  const x509::TbsCertificate& tbs() const { return tbs_; }

 private:
  friend Result<LintedTbs> Lint(x509::TbsCertificate, const struct LintContext&);
  explicit LintedTbs(x509::TbsCertificate tbs) : tbs_(std::move(tbs)) {}
  x509::TbsCertificate tbs_;
};

struct LintContext {
  const policy::IssuanceGrant& grant;
  const x509::SubjectPublicKeyInfo& key;
  const policy::IssuerIdentity& issuer;
  TimePoint now;
};

// Reads the bytes back and checks them, not the template they were made from. Every finding is
// reported. Errors: kLintFailed with violations
//   lint.not-ca         basicConstraints absent or cA FALSE, no keyCertSign, no cRLSign
//   lint.names          the SAN is exactly the grant's names; critical if and only if subject empty
//   lint.validity       as granted: covers now, length within grant and issuer
//   lint.serial         20 octets, our format, class and time as the lifetime and now say
//   lint.issuer         issuer bytes equal the issuer's subject; AKI is its key identifier
//   lint.key            the public key is the proven one
Result<LintedTbs> Lint(x509::TbsCertificate tbs, const LintContext& context);

// The same for a CA certificate of our own.
class LintedCaTbs {
 public:
  LintedCaTbs(LintedCaTbs&&) = default;
  LintedCaTbs& operator=(LintedCaTbs&&) = default;
  const x509::TbsCertificate& tbs() const { return tbs_; }

 private:
  friend Result<LintedCaTbs> LintCa(x509::TbsCertificate, const policy::CaWish&,
                                    const policy::IssuerIdentity&, TimePoint);
  explicit LintedCaTbs(x509::TbsCertificate tbs) : tbs_(std::move(tbs)) {}
  x509::TbsCertificate tbs_;
};
// lint.ca (basicConstraints critical cA TRUE, pathLen 0 for issuing, keyUsage keyCertSign|cRLSign
// critical, SKI), lint.validity, lint.serial, lint.issuer, lint.key.
Result<LintedCaTbs> LintCa(x509::TbsCertificate tbs, const policy::CaWish& wish,
                           const policy::IssuerIdentity& issuer, TimePoint now);

}  // namespace mayfly::lint
