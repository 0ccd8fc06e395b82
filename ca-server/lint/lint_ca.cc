#include "lint/findings.h"
#include "lint/linted_tbs.h"

namespace mayfly::lint {
namespace {

using policy::CaKind;
using x509::Criticality;

// lint.ca: basicConstraints, keyUsage and subjectKeyIdentifier.
void CheckCaExtensions(const x509::TbsFields& fields, CaKind kind, Findings& findings) {
  const auto* basic = Find(fields.extensions, x509::oid::BasicConstraints());
  auto constraints =
      basic ? x509::ReadBasicConstraints(basic->value) : x509::BasicConstraints{false, {}};
  findings.Require(constraints && constraints->ca, "lint.ca", "basicConstraints",
                   "must have cA TRUE");
  // RFC 5280 4.2.1.9: below an issuing CA there are leaves only.
  std::optional<uint64_t> path_length;
  if (kind == CaKind::kIssuing) path_length = 0;
  findings.Require(constraints && constraints->path_length == path_length, "lint.ca",
                   "basicConstraints",
                   kind == CaKind::kIssuing ? "must have pathLenConstraint 0"
                                            : "must have no pathLenConstraint");

  const auto* usage = Find(fields.extensions, x509::oid::KeyUsage());
  auto usages = usage ? x509::ReadKeyUsage(usage->value) : x509::KeyUsages{0};
  constexpr x509::KeyUsages kOfCas = x509::KeyUsage::kKeyCertSign | x509::KeyUsage::kCrlSign;
  findings.Require(usages && *usages == kOfCas, "lint.ca", "keyUsage",
                   "must be keyCertSign and cRLSign");

  const auto* identifier = Find(fields.extensions, x509::oid::SubjectKeyIdentifier());
  Bytes expected = x509::SubjectKeyIdentifierExtension(fields.public_key.key_identifier()).value;
  findings.Require(identifier && identifier->value == expected, "lint.ca", "subjectKeyIdentifier",
                   "must be the SHA-1 of the key's bits");
}

// lint.extensions, lint.revocation
void CheckSet(const x509::TbsFields& fields, const policy::CaWish& wish,
              const policy::IssuerIdentity& issuer, Findings& findings) {
  std::vector<ExpectedExtension> expected = {
      {x509::oid::BasicConstraints(), "basicConstraints", Criticality::kCritical},
      {x509::oid::KeyUsage(), "keyUsage", Criticality::kCritical},
      {x509::oid::SubjectKeyIdentifier(), "subjectKeyIdentifier", Criticality::kNonCritical},
  };
  const std::vector<std::string> none;
  const bool is_root = wish.kind == CaKind::kRoot;
  if (!is_root) {
    expected.push_back(
        {x509::oid::AuthorityKeyIdentifier(), "authorityKeyIdentifier", Criticality::kNonCritical});
    if (!issuer.ocsp_urls.empty() || !issuer.ca_issuers_urls.empty()) {
      expected.push_back(
          {x509::oid::AuthorityInfoAccess(), "authorityInfoAccess", Criticality::kNonCritical});
    }
  }
  if (!wish.name_constraints.empty()) {
    expected.push_back({x509::oid::NameConstraints(), "nameConstraints", Criticality::kCritical});
  }
  CheckExtensionSet(fields.extensions, expected, findings);
  CheckPointers(fields.extensions, is_root ? none : issuer.ocsp_urls,
                is_root ? none : issuer.ca_issuers_urls, findings);
}

// lint.name-constraints
void CheckNameConstraints(const x509::TbsFields& fields, const policy::CaWish& wish,
                          Findings& findings) {
  const auto* found = Find(fields.extensions, x509::oid::NameConstraints());
  auto constraints =
      found ? x509::NameConstraints::FromExtension(found->value) : x509::NameConstraints{};
  findings.Require(constraints && *constraints == wish.name_constraints, "lint.name-constraints",
                   "nameConstraints", "are not those that were asked for");
}

// lint.validity
void CheckValidity(const x509::Validity& validity, const policy::CaWish& wish,
                   const policy::IssuerIdentity& issuer, TimePoint now, Findings& findings) {
  auto note = [&](bool holds, std::string message) {
    findings.Require(holds, "lint.validity", "validity", std::move(message));
  };
  note(validity.Covers(now), "does not cover the present");
  // With the present covered, that bounds the end too.
  note(validity.lifetime() <= wish.lifetime, "is longer than wished");
  note(validity.not_before() >= now - kCaBackdateMax - kTimeDistanceMax,
       "begins earlier than wished");
  if (wish.kind == CaKind::kRoot) return;
  note(validity.not_before() >= issuer.validity.not_before() &&
           validity.not_after() <= issuer.validity.not_after(),
       "is not within the issuer's");
}

// lint.issuer: which names and keys belong together.
void CheckHierarchy(const x509::TbsFields& fields, const policy::CaWish& wish,
                    const policy::IssuerIdentity& issuer, Findings& findings) {
  CheckIssuer(fields, issuer, findings);
  bool same_name = fields.subject == fields.issuer;
  bool same_key = Equal(fields.public_key.key_identifier(), issuer.key_identifier);
  if (wish.kind == CaKind::kRoot) {
    findings.Require(same_name && same_key, "lint.issuer", "issuer",
                     "a root is issued by itself: one name and one key");
    return;
  }
  CheckAuthorityKeyIdentifier(fields, issuer, findings);
  // RFC 5280 3.2: a self-issued certificate in the middle of a chain would not count as a step.
  findings.Require(!same_name && !same_key, "lint.issuer", "issuer",
                   "an issuing CA has a name and a key of its own");
}

}  // namespace

Result<LintedCaTbs> LintCa(x509::TbsCertificate tbs, const policy::CaWish& wish,
                           const policy::IssuerIdentity& issuer, TimePoint now) {
  TRY_ASSIGN(x509::TbsCertificate read, ReadBack(tbs));
  const x509::TbsFields& fields = read.fields();
  Findings findings;
  CheckCaExtensions(fields, wish.kind, findings);
  CheckSet(fields, wish, issuer, findings);
  CheckNameConstraints(fields, wish, findings);
  CheckValidity(fields.validity, wish, issuer, now, findings);
  CheckSerial(read, now, findings);
  CheckHierarchy(fields, wish, issuer, findings);
  findings.Require(fields.public_key == wish.public_key, "lint.key", "subjectPublicKeyInfo",
                   "is not the key that was asked for");
  // RFC 5280 4.1.2.6: a CA has a name.
  findings.Require(fields.subject == wish.subject && !fields.subject.empty(), "lint.subject",
                   "subject", "is not the name that was asked for");
  TRY(VerdictOf(findings.all()));
  return LintedCaTbs(std::move(read));
}

}  // namespace mayfly::lint
