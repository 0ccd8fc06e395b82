// LintedTbs: a TBSCertificate whose bytes passed every lint. Move-only, and it can only come from
// Lint(): signing bytes that were not linted does not compile.
#pragma once

#include "policy/authorizer.h"
#include "policy/certificate_template.h"
#include "x509/tbs_certificate.h"

namespace mayfly::lint {

// How far a serial's time, and the ends of a validity, may be from where `now` puts them: the
// template was made a little before.
constexpr Seconds kTimeDistanceMax{60};
constexpr Seconds kCaBackdateMax{60};
// Peers have limits for a chain, and a handshake of more than a few packets is slow.
constexpr size_t kTbsBytesMax = 16 * 1024;

// One lint that does not hold. The clause that it upholds: policy/lint_catalog.h.
struct Finding {
  Violation violation;
  policy::Severity severity;
};

class LintedTbs {
 public:
  LintedTbs(LintedTbs&&) = default;
  LintedTbs& operator=(LintedTbs&&) = default;
  const x509::TbsCertificate& tbs() const { return tbs_; }
  const std::vector<Finding>& warnings() const { return warnings_; }

 private:
  friend Result<LintedTbs> Lint(x509::TbsCertificate, const struct LintContext&);
  LintedTbs(x509::TbsCertificate tbs, std::vector<Finding> warnings)
      : tbs_(std::move(tbs)), warnings_(std::move(warnings)) {}
  x509::TbsCertificate tbs_;
  std::vector<Finding> warnings_;
};

struct LintContext {
  const policy::IssuanceGrant& grant;
  const x509::SubjectPublicKeyInfo& key;
  const policy::IssuerIdentity& issuer;
  TimePoint now;
};

// Reads the bytes back and checks them, not the template they were made from. Every finding is
// reported, weighed as the profile says.
//   lint.encoding       the bytes are a TBSCertificate, in DER
//   lint.not-ca         basicConstraints absent or cA FALSE, no keyCertSign, no cRLSign
//   lint.key-usage, lint.extended-key-usage   exactly the profile's
//   lint.usage-coherence  keyUsage allows what each extended key usage is for
//   lint.extensions     exactly those that the profile implies, each with its criticality
//   lint.custom-extension   the profile's own extensions and certificate policies, to the byte
//   lint.revocation     AIA and CRL URLs as profile and issuer say; noRevAvail without any other
//                       sign of revocation (RFC 9608); noRevAvail and ocspNoCheck are NULL
//   lint.names          the SAN is exactly the grant's names, in normal form; critical if and only
//                       if the subject is empty
//   lint.name-constraints   every name is within the issuing CA's
//   lint.spiffe         a SPIFFE ID has a path, and no other URI beside it; keyUsage has
//                       digitalSignature
//   lint.spiffe-eku     with a SPIFFE ID, serverAuth and clientAuth both or neither
//   lint.subject        as the profile says; the responder's: not empty and not the issuer's
//   lint.validity       as granted: covers now, length within grant and issuer
//   lint.serial         20 octets, our format, class and time as the lifetime and now say
//   lint.size           at most kTbsBytesMax
//   lint.issuer         issuer bytes equal the issuer's subject; AKI is its key identifier
//   lint.key            the public key is the proven one, and not the issuer's own
std::vector<Finding> Examine(const x509::TbsCertificate& tbs, const LintContext& context);

// Errors: kLintFailed with a violation for each finding of severity "error".
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
// critical, SKI), lint.name-constraints (as wished), lint.encoding, lint.extensions,
// lint.revocation, lint.subject, lint.validity, lint.serial, lint.issuer (a root's own name and
// key; an issuing CA's differ from its issuer's), lint.key.
Result<LintedCaTbs> LintCa(x509::TbsCertificate tbs, const policy::CaWish& wish,
                           const policy::IssuerIdentity& issuer, TimePoint now);

}  // namespace mayfly::lint
