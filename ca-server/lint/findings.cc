#include "lint/findings.h"

#include <algorithm>

#include "der/reader.h"
#include "lint/linted_tbs.h"

namespace mayfly::lint {
namespace {

constexpr std::string_view kOcspMethod = "1.3.6.1.5.5.7.48.1";       // RFC 5280 4.2.2.1
constexpr std::string_view kCaIssuersMethod = "1.3.6.1.5.5.7.48.2";  // RFC 5280 4.2.2.1

struct Pointers {
  std::vector<std::string> ocsp_urls, ca_issuers_urls;
  friend bool operator==(const Pointers&, const Pointers&) = default;
};

// AuthorityInfoAccessSyntax (RFC 5280 4.2.2.1), read apart from the code that wrote it.
Result<Pointers> ReadPointers(ByteSpan value) {
  Pointers pointers;
  der::Reader outer(value);
  TRY_ASSIGN(der::Reader descriptions, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  while (!descriptions.AtEnd()) {
    TRY_ASSIGN(der::Reader description, descriptions.ReadSequence());
    TRY_ASSIGN(der::Oid method, description.ReadOid());
    TRY_ASSIGN(der::Element uri, description.Read(der::ContextPrimitive(6)));
    TRY(description.ExpectEnd());
    std::string text = ToString(uri.contents);
    if (method.Dotted() == kOcspMethod) {
      pointers.ocsp_urls.push_back(std::move(text));
    } else if (method.Dotted() == kCaIssuersMethod) {
      pointers.ca_issuers_urls.push_back(std::move(text));
    } else {
      return Fail(ErrorCode::kLintFailed, "lint.revocation", "an access method of another kind");
    }
  }
  return pointers;
}

std::string Names(const std::vector<std::string>& urls) {
  std::string list;
  for (const std::string& url : urls) list += (list.empty() ? "" : ", ") + Escape(url);
  return list.empty() ? "none" : list;
}

}  // namespace

void Findings::Note(std::string rule, std::string field, std::string message) {
  const policy::Severity severity = policy::SeverityOf(rule, severities_);
  if (severity == policy::Severity::kOff) return;
  all_.push_back({{std::move(rule), std::move(field), std::move(message)}, severity});
}

Status VerdictOf(const std::vector<Finding>& findings) {
  std::vector<Violation> violations;
  for (const Finding& finding : findings) {
    if (finding.severity == policy::Severity::kError) violations.push_back(finding.violation);
  }
  if (violations.empty()) return Ok();
  Error error =
      Fail(ErrorCode::kLintFailed, violations.front().rule,
           "what would be signed breaks " + std::to_string(violations.size()) + " rule(s)");
  error.violations = std::move(violations);
  return error;
}

Result<x509::TbsCertificate> ReadBack(const x509::TbsCertificate& tbs) {
  Result<x509::TbsCertificate> read = x509::TbsCertificate::FromDer(tbs.der());
  if (read) return read;
  Findings findings;
  findings.Note("lint.encoding", "tbs", Describe(read.error(), ErrorText::kForLog));
  return VerdictOf(findings.all()).error();
}

void CheckSerial(const x509::TbsCertificate& tbs, TimePoint now, Findings& findings) {
  const x509::SerialNumber& serial = tbs.serial();
  auto note = [&](bool holds, std::string message) {
    findings.Require(holds, "lint.serial", "serialNumber", std::move(message));
  };
  // Of that format is nothing but 20 octets, the most that RFC 5280 4.1.2.2 allows.
  if (!serial.lifetime_class() || !serial.issued_at()) {
    return note(false, "is not of this CA's format");
  }
  note(serial.lifetime_class() == x509::LifetimeClassOf(tbs.fields().validity.lifetime()),
       "its lifetime class is not that of the validity");
  auto distance = std::chrono::abs(*serial.issued_at() - now);
  note(distance <= kTimeDistanceMax, "its time is more than 60 s off");
}

void CheckIssuer(const x509::TbsFields& fields, const policy::IssuerIdentity& issuer,
                 Findings& findings) {
  // RFC 5280 7.1 would allow other encodings of an equal name; verifiers compare bytes.
  findings.Require(fields.issuer == issuer.subject, "lint.issuer", "issuer",
                   "is not byte for byte the issuer's subject");
  findings.Require(fields.signature_algorithm == issuer.signature_algorithm, "lint.issuer",
                   "signature", "is not the issuer's signature algorithm");
}

void CheckAuthorityKeyIdentifier(const x509::TbsFields& fields,
                                 const policy::IssuerIdentity& issuer, Findings& findings) {
  const x509::Extension* found = Find(fields.extensions, x509::oid::AuthorityKeyIdentifier());
  Result<Bytes> identifier = found ? x509::ReadAuthorityKeyIdentifier(found->value) : Bytes();
  findings.Require(identifier && *identifier == issuer.key_identifier, "lint.issuer",
                   "authorityKeyIdentifier", "is not the issuer's key identifier");
}

void CheckExtensionSet(const x509::Extensions& extensions,
                       const std::vector<ExpectedExtension>& expected, Findings& findings) {
  for (const ExpectedExtension& wanted : expected) {
    const x509::Extension* found = Find(extensions, wanted.oid);
    if (found == nullptr) {
      findings.Note("lint.extensions", wanted.name, "is missing");
    } else if (found->criticality != wanted.criticality) {
      bool critical = wanted.criticality == x509::Criticality::kCritical;
      findings.Note("lint.extensions", wanted.name,
                    critical ? "must be critical" : "must not be critical");
    }
  }
  for (const x509::Extension& extension : extensions) {
    auto is_it = [&](const ExpectedExtension& wanted) { return wanted.oid == extension.oid; };
    findings.Require(std::any_of(expected.begin(), expected.end(), is_it), "lint.extensions",
                     extension.oid.Dotted(), "is not an extension that the profile implies");
  }
}

void CheckCrlUrls(const x509::Extensions& extensions, const std::vector<std::string>& urls,
                  Findings& findings) {
  const x509::Extension* found = Find(extensions, x509::oid::CrlDistributionPoints());
  const Bytes wanted = urls.empty() ? Bytes() : x509::CrlDistributionPointsExtension(urls).value;
  findings.Require((found ? found->value : Bytes()) == wanted, "lint.revocation",
                   "cRLDistributionPoints", "must point to CRLs at: " + Names(urls));
}

void CheckPointers(const x509::Extensions& extensions, const std::vector<std::string>& ocsp_urls,
                   const std::vector<std::string>& ca_issuers_urls, Findings& findings) {
  const x509::Extension* found = Find(extensions, x509::oid::AuthorityInfoAccess());
  Result<Pointers> pointers = found ? ReadPointers(found->value) : Pointers();
  if (!pointers) {
    return findings.Note("lint.revocation", "authorityInfoAccess", pointers.error().message);
  }
  findings.Require(*pointers == Pointers{ocsp_urls, ca_issuers_urls}, "lint.revocation",
                   "authorityInfoAccess",
                   "must point to OCSP at: " + Names(ocsp_urls) +
                       "; to the issuer's certificate at: " + Names(ca_issuers_urls));
}

}  // namespace mayfly::lint
