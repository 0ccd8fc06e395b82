#include <algorithm>
#include <map>

#include "lint/findings.h"
#include "lint/linted_tbs.h"
#include "policy/key_purpose.h"
#include "x509/spiffe_id.h"

namespace mayfly::lint {
namespace {

using x509::Criticality;

bool IsResponder(const LintContext& context) { return context.grant.profile().ocsp_no_check; }

policy::RevocationSigns SignsOf(const x509::TbsFields& fields, const LintContext& context) {
  return policy::RevocationSignsOf(context.grant.profile(), fields.validity.lifetime());
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

// lint.name-constraints
void CheckNameConstraints(const x509::TbsCertificate& tbs, const LintContext& context,
                          Findings& findings) {
  const auto names = tbs.names();
  if (!names) return;  // lint.names has said so
  for (const Violation& outside : policy::OutsideOf(context.issuer.name_constraints, *names)) {
    findings.Note("lint.name-constraints", "subjectAltName", outside.message);
  }
}

// lint.spiffe, lint.spiffe-eku
void CheckSpiffe(const x509::TbsCertificate& tbs, Findings& findings) {
  const auto names = tbs.names();
  if (!names) return;
  const auto is_uri = [](const auto& name) { return name.kind() == x509::GeneralName::Kind::kUri; };
  const auto is_spiffe_id = [&](const auto& name) {
    return is_uri(name) && name.value().starts_with(policy::kSpiffeScheme);
  };
  if (std::ranges::none_of(*names, is_spiffe_id)) return;
  findings.Require(std::ranges::count_if(*names, is_uri) == 1, "lint.spiffe", "subjectAltName",
                   "must have no URI beside the SPIFFE ID");
  for (const x509::GeneralName& name : *names) {
    if (!is_spiffe_id(name)) continue;
    const auto id = x509::SpiffeId::Parse(name.value());
    findings.Require(id && !id->path.empty(), "lint.spiffe", "subjectAltName",
                     "must have a path in its SPIFFE ID, which is a trust domain's without one");
  }
  const x509::Extensions& extensions = tbs.fields().extensions;
  const auto* usage = Find(extensions, x509::oid::KeyUsage());
  const auto usages = usage ? x509::ReadKeyUsage(usage->value) : x509::KeyUsages{0};
  constexpr auto kSigns = static_cast<x509::KeyUsages>(x509::KeyUsage::kDigitalSignature);
  findings.Require(usages && (*usages & kSigns), "lint.spiffe", "keyUsage",
                   "must have digitalSignature");
  const auto* extended = Find(extensions, x509::oid::ExtendedKeyUsage());
  const auto purposes =
      extended ? x509::ReadExtendedKeyUsage(extended->value) : std::vector<der::Oid>();
  if (!purposes || purposes->empty()) return;
  for (const der::Oid* wanted : {&x509::oid::ServerAuth(), &x509::oid::ClientAuth()}) {
    findings.Require(std::ranges::find(*purposes, *wanted) != purposes->end(), "lint.spiffe-eku",
                     "extKeyUsage", "lacks " + wanted->Dotted() + ", which an X.509-SVID has");
  }
}

// lint.usage-coherence: RFC 5280 4.2.1.12 says which usages are consistent with each purpose.
void CheckCoherence(const x509::TbsFields& fields, Findings& findings) {
  const auto* usage = Find(fields.extensions, x509::oid::KeyUsage());
  const auto* extended = Find(fields.extensions, x509::oid::ExtendedKeyUsage());
  const auto usages = usage ? x509::ReadKeyUsage(usage->value) : x509::KeyUsages{0};
  const auto purposes =
      extended ? x509::ReadExtendedKeyUsage(extended->value) : std::vector<der::Oid>();
  if (!usages || !purposes) return;  // lint.key-usage has said so
  for (const der::Oid& purpose : policy::PurposesWithoutUsage(*usages, *purposes)) {
    findings.Require(false, "lint.usage-coherence", "keyUsage",
                     "has nothing that extended key usage " + purpose.Dotted() + " is for");
  }
}

// lint.subject: a request's subject never reaches the certificate.
void CheckSubject(const x509::TbsFields& fields, const LintContext& context, Findings& findings) {
  const policy::Profile& profile = context.grant.profile();
  const auto require = [&](bool holds, std::string message) {
    findings.Require(holds, "lint.subject", "subject", std::move(message));
  };
  // RFC 5280 4.1.2.6: a subject equal to the issuer would make it look self-issued.
  require(fields.subject.empty() || fields.subject != context.issuer.subject,
          "must not be the issuer's");
  if (IsResponder(context)) return require(!fields.subject.empty(), "must not be empty");
  switch (profile.subject) {
    case policy::SubjectForm::kEmpty:
      return require(fields.subject.empty(), "must be empty");
    case policy::SubjectForm::kFirstName: {
      const x509::GeneralNames& names = context.grant.names();
      const auto first =
          names.empty() ? x509::Name::Empty() : x509::Name::CommonName(names.front().ValueText());
      const bool has_one =
          first && !policy::IsCommonNameTakenForHost(context.grant, context.issuer);
      return require(has_one ? fields.subject == *first : fields.subject.empty(),
                     "must be the first of the granted names, or empty where that can be none");
    }
    case policy::SubjectForm::kFixed: {
      const std::string& organization = profile.organization;
      auto fixed = organization.empty()
                       ? x509::Name::CommonName(profile.common_name)
                       : x509::Name::OrganizationAndCommonName(organization, profile.common_name);
      return require(fixed && *fixed == fields.subject, "must be the profile's");
    }
  }
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
  const policy::RevocationSigns signs = SignsOf(fields, context);
  const policy::IssuerIdentity& issuer = context.issuer;
  const bool has_ocsp = signs.pointers && !issuer.ocsp_urls.empty();
  std::vector<ExpectedExtension> expected = {
      {x509::oid::AuthorityKeyIdentifier(), "authorityKeyIdentifier", Criticality::kNonCritical},
      {x509::oid::KeyUsage(), "keyUsage", Criticality::kCritical},
  };
  auto expect = [&](bool when, const der::Oid& oid, std::string name,
                    Criticality criticality = Criticality::kNonCritical) {
    if (when) expected.push_back({oid, std::move(name), criticality});
  };
  expect(!profile.extended_key_usages.empty(), x509::oid::ExtendedKeyUsage(), "extKeyUsage");
  expect(!context.grant.names().empty(), x509::oid::SubjectAltName(), "subjectAltName",
         fields.subject.empty() ? Criticality::kCritical : Criticality::kNonCritical);
  expect(!profile.certificate_policies.empty(), x509::oid::CertificatePolicies(),
         "certificatePolicies");
  expect(has_ocsp || (!signs.ocsp_no_check && !issuer.ca_issuers_urls.empty()),
         x509::oid::AuthorityInfoAccess(), "authorityInfoAccess");
  expect(signs.pointers && !issuer.crl_urls.empty(), x509::oid::CrlDistributionPoints(),
         "cRLDistributionPoints");
  expect(has_ocsp && signs.must_staple, x509::oid::TlsFeature(), "tlsFeature");
  expect(signs.no_rev_avail, x509::oid::NoRevAvail(), "noRevAvail");
  expect(signs.ocsp_no_check, x509::oid::OcspNoCheck(), "ocspNoCheck");
  for (const x509::Extension& custom : profile.extensions) {
    expect(true, custom.oid, custom.oid.Dotted(), custom.criticality);
  }
  CheckExtensionSet(fields.extensions, expected, findings);
}

// lint.custom-extension
void CheckCustom(const x509::TbsFields& fields, const policy::Profile& profile,
                 Findings& findings) {
  x509::Extensions wanted = profile.extensions;
  if (!profile.certificate_policies.empty()) {
    wanted.push_back(x509::CertificatePoliciesExtension(profile.certificate_policies));
  }
  for (const x509::Extension& extension : wanted) {
    const x509::Extension* found = Find(fields.extensions, extension.oid);
    findings.Require(found == nullptr || found->value == extension.value, "lint.custom-extension",
                     extension.oid.Dotted(), "its value is not the profile's");
  }
}

// lint.revocation
void CheckRevocation(const x509::TbsFields& fields, const LintContext& context,
                     Findings& findings) {
  const policy::IssuerIdentity& issuer = context.issuer;
  const policy::RevocationSigns signs = SignsOf(fields, context);
  const std::vector<std::string> none;
  CheckPointers(fields.extensions, signs.pointers ? issuer.ocsp_urls : none,
                signs.ocsp_no_check ? none : issuer.ca_issuers_urls, findings);
  CheckCrlUrls(fields.extensions, signs.pointers ? issuer.crl_urls : none, findings);
  // RFC 9608 3 and RFC 6960 4.2.2.2.1: the value of either is NULL; RFC 7633: one feature.
  const auto require_value = [&](const der::Oid& oid, const Bytes& value) {
    const x509::Extension* found = Find(fields.extensions, oid);
    findings.Require(found == nullptr || found->value == value, "lint.revocation", oid.Dotted(),
                     "its value is not the one that the standard gives");
  };
  require_value(x509::oid::NoRevAvail(), {0x05, 0x00});
  require_value(x509::oid::OcspNoCheck(), {0x05, 0x00});
  require_value(x509::oid::TlsFeature(), {0x30, 0x03, 0x02, 0x01, 0x05});
  if (Find(fields.extensions, x509::oid::NoRevAvail()) == nullptr) return;
  for (const der::Oid* oid :
       {&x509::oid::CrlDistributionPoints(), &x509::oid::FreshestCrl(), &x509::oid::TlsFeature()}) {
    findings.Require(Find(fields.extensions, *oid) == nullptr, "lint.revocation", oid->Dotted(),
                     "must not stand beside noRevAvail");
  }
}

void ExamineFields(const x509::TbsCertificate& read, const LintContext& context,
                   Findings& findings) {
  const x509::TbsFields& fields = read.fields();
  const policy::Profile& profile = context.grant.profile();
  CheckNotCa(fields, findings);
  CheckUsages(fields, profile, findings);
  CheckCoherence(fields, findings);
  CheckNames(read, context, findings);
  CheckNameConstraints(read, context, findings);
  CheckSpiffe(read, findings);
  CheckSubject(fields, context, findings);
  CheckValidity(fields.validity, context, findings);
  CheckSerial(read, context.now, findings);
  CheckIssuer(fields, context.issuer, findings);
  CheckAuthorityKeyIdentifier(fields, context.issuer, findings);
  CheckKey(fields, context, findings);
  CheckExtensions(read, context, findings);
  CheckCustom(fields, profile, findings);
  CheckRevocation(fields, context, findings);
  findings.Require(read.der().size() <= kTbsBytesMax, "lint.size", "tbs",
                   "is larger than " + std::to_string(kTbsBytesMax) + " bytes");
}

}  // namespace

std::vector<Finding> Examine(const x509::TbsCertificate& tbs, const LintContext& context) {
  Findings findings(context.grant.profile().lint);
  auto read = ReadBack(tbs);
  if (read) {
    ExamineFields(*read, context, findings);
  } else {
    const Violation& broken = read.error().violations.front();
    findings.Note(broken.rule, broken.field, broken.message);
  }
  return findings.all();
}

Result<LintedTbs> Lint(x509::TbsCertificate tbs, const LintContext& context) {
  TRY_ASSIGN(x509::TbsCertificate read, ReadBack(tbs));
  Findings findings(context.grant.profile().lint);
  ExamineFields(read, context, findings);
  TRY(VerdictOf(findings.all()));
  return LintedTbs(std::move(read), findings.all());
}

}  // namespace mayfly::lint
