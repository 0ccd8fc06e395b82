#include <algorithm>

#include "lint/findings.h"
#include "lint/linted_tbs.h"

namespace mayfly::lint {
namespace {

using x509::Criticality;

bool IsResponder(const LintContext& context) { return context.grant.profile().ocsp_no_check; }

bool HasNoRevAvail(const LintContext& context) {
  return !IsResponder(context) &&
         context.grant.profile().revocation == policy::RevocationMode::kNoRevAvail;
}

// lint.not-ca
void CheckNotCa(const x509::TbsFields& fields, Findings& findings) {
  if (const auto* found = Find(fields.extensions, x509::oid::BasicConstraints())) {
    auto constraints = x509::ReadBasicConstraints(found->value);
    findings.Require(constraints && !constraints->ca, "lint.not-ca", "basicConstraints",
                     "must be absent or cA FALSE");
  }
  const auto* found = Find(fields.extensions, x509::oid::KeyUsage());
  auto usages = found ? x509::ReadKeyUsage(found->value) : x509::KeyUsages{0};
  constexpr x509::KeyUsages kOfCas = x509::KeyUsage::kKeyCertSign | x509::KeyUsage::kCrlSign;
  findings.Require(usages && (*usages & kOfCas) == 0, "lint.not-ca", "keyUsage",
                   "must not hold keyCertSign or cRLSign");
}

// lint.key-usage, lint.extended-key-usage
void CheckUsages(const x509::TbsFields& fields, const policy::Profile& profile,
                 Findings& findings) {
  const auto* usage = Find(fields.extensions, x509::oid::KeyUsage());
  auto usages = usage ? x509::ReadKeyUsage(usage->value) : x509::KeyUsages{0};
  findings.Require(usages && *usages == profile.key_usages, "lint.key-usage", "keyUsage",
                   "is not the profile's");

  const auto* extended = Find(fields.extensions, x509::oid::ExtendedKeyUsage());
  auto purposes = extended ? x509::ReadExtendedKeyUsage(extended->value) : std::vector<der::Oid>();
  findings.Require(purposes && *purposes == profile.extended_key_usages, "lint.extended-key-usage",
                   "extKeyUsage", "is not exactly the profile's");
}

// lint.names: hop 8 of the issue path checks the names against the grant once more.
void CheckNames(const x509::TbsCertificate& tbs, const LintContext& context, Findings& findings) {
  const x509::GeneralNames& granted = context.grant.names();
  Result<x509::GeneralNames> names = tbs.names();
  findings.Require(names && *names == granted, "lint.names", "subjectAltName",
                   "must be exactly: " + x509::Describe(granted));
  if (const auto* found = Find(tbs.fields().extensions, x509::oid::SubjectAltName())) {
    // RFC 5280 4.2.1.6: critical where the subject is empty, and only there.
    bool critical = found->criticality == Criticality::kCritical;
    findings.Require(critical == tbs.fields().subject.empty(), "lint.names", "subjectAltName",
                     "must be critical if and only if the subject is empty");
    auto normal = x509::SubjectAltNameExtension(granted, found->criticality);
    findings.Require(normal.value == found->value, "lint.names", "subjectAltName",
                     "is not in its normal form");
  }
}

// lint.subject: a request's subject never reaches the certificate.
void CheckSubject(const x509::TbsFields& fields, const LintContext& context, Findings& findings) {
  if (!IsResponder(context)) {
    return findings.Require(fields.subject.empty(), "lint.subject", "subject", "must be empty");
  }
  // RFC 5280 4.1.2.6: without names of its own kind a certificate needs a subject; one equal to
  // the issuer would make it look self-issued.
  findings.Require(!fields.subject.empty() && fields.subject != context.issuer.subject,
                   "lint.subject", "subject", "must be a name of the responder's own");
}

// lint.validity
void CheckValidity(const x509::Validity& validity, const LintContext& context, Findings& findings) {
  auto note = [&](bool holds, std::string message) {
    findings.Require(holds, "lint.validity", "validity", std::move(message));
  };
  Seconds lifetime = context.grant.lifetime(), backdate = context.grant.profile().backdate;
  note(validity.Covers(context.now), "does not cover the present");
  note(validity.lifetime() <= lifetime, "is longer than granted");
  note(validity.not_before() >= context.now - backdate - kTimeDistanceMax,
       "begins earlier than granted");
  const x509::Validity& issuer = context.issuer.validity;
  note(validity.not_before() >= issuer.not_before() && validity.not_after() <= issuer.not_after(),
       "is not within the issuer's");
}

// lint.key
void CheckKey(const x509::TbsFields& fields, const LintContext& context, Findings& findings) {
  findings.Require(fields.public_key == context.key, "lint.key", "subjectPublicKeyInfo",
                   "is not the key whose possession was proved");
  Hash160 identifier = fields.public_key.key_identifier();
  findings.Require(!Equal(identifier, context.issuer.key_identifier), "lint.key",
                   "subjectPublicKeyInfo", "is the issuer's own key");
}

// lint.extensions
void CheckExtensions(const x509::TbsCertificate& tbs, const LintContext& context,
                     Findings& findings) {
  const x509::TbsFields& fields = tbs.fields();
  const policy::Profile& profile = context.grant.profile();
  bool has_ocsp =
      !IsResponder(context) && !HasNoRevAvail(context) && !context.issuer.ocsp_urls.empty();
  bool has_pointers =
      has_ocsp || (!IsResponder(context) && !context.issuer.ca_issuers_urls.empty());
  std::vector<ExpectedExtension> expected = {
      {x509::oid::AuthorityKeyIdentifier(), "authorityKeyIdentifier", Criticality::kNonCritical},
      {x509::oid::KeyUsage(), "keyUsage", Criticality::kCritical},
  };
  auto expect = [&](bool when, const der::Oid& oid, std::string name, Criticality criticality) {
    if (when) expected.push_back({oid, std::move(name), criticality});
  };
  expect(!profile.extended_key_usages.empty(), x509::oid::ExtendedKeyUsage(), "extKeyUsage",
         Criticality::kNonCritical);
  expect(!context.grant.names().empty(), x509::oid::SubjectAltName(), "subjectAltName",
         fields.subject.empty() ? Criticality::kCritical : Criticality::kNonCritical);
  expect(has_pointers, x509::oid::AuthorityInfoAccess(), "authorityInfoAccess",
         Criticality::kNonCritical);
  expect(HasNoRevAvail(context), x509::oid::NoRevAvail(), "noRevAvail", Criticality::kNonCritical);
  expect(IsResponder(context), x509::oid::OcspNoCheck(), "ocspNoCheck", Criticality::kNonCritical);
  CheckExtensionSet(fields.extensions, expected, findings);
}

// lint.revocation
void CheckRevocation(const x509::TbsFields& fields, const LintContext& context,
                     Findings& findings) {
  const policy::IssuerIdentity& issuer = context.issuer;
  const std::vector<std::string> none;
  bool no_ocsp = IsResponder(context) || HasNoRevAvail(context);
  CheckPointers(fields.extensions, no_ocsp ? none : issuer.ocsp_urls,
                IsResponder(context) ? none : issuer.ca_issuers_urls, findings);
  // RFC 9608 3 and RFC 6960 4.2.2.2.1: the value of either is NULL.
  const Bytes null = {0x05, 0x00};
  for (const der::Oid* oid : {&x509::oid::NoRevAvail(), &x509::oid::OcspNoCheck()}) {
    const x509::Extension* found = Find(fields.extensions, *oid);
    findings.Require(found == nullptr || found->value == null, "lint.revocation", oid->Dotted(),
                     "its value must be NULL");
  }
}

}  // namespace

Result<LintedTbs> Lint(x509::TbsCertificate tbs, const LintContext& context) {
  TRY_ASSIGN(x509::TbsCertificate read, ReadBack(tbs));
  const x509::TbsFields& fields = read.fields();
  Findings findings;
  CheckNotCa(fields, findings);
  CheckUsages(fields, context.grant.profile(), findings);
  CheckNames(read, context, findings);
  CheckSubject(fields, context, findings);
  CheckValidity(fields.validity, context, findings);
  CheckSerial(read, context.now, findings);
  CheckIssuer(fields, context.issuer, findings);
  CheckAuthorityKeyIdentifier(fields, context.issuer, findings);
  CheckKey(fields, context, findings);
  CheckExtensions(read, context, findings);
  CheckRevocation(fields, context, findings);
  TRY(std::move(findings).Verdict());
  return LintedTbs(std::move(read));
}

}  // namespace mayfly::lint
