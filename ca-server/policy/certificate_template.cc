#include "policy/certificate_template.h"

#include <algorithm>

#include "der/reader.h"

namespace mayfly::policy {
namespace {

constexpr Seconds kCaBackdate{60};
constexpr std::string_view kCommonNameOid = "2.5.4.3";  // RFC 5280 A.1 id-at-commonName
constexpr std::string_view kResponderCommonName = "OCSP responder";

TimePoint WholeSeconds(TimePoint time) { return std::chrono::floor<Seconds>(time); }

Error Denied(std::string rule, const std::string& message) {
  Error error = Fail(ErrorCode::kPolicyDenied, rule, message);
  error.violations.push_back({std::move(rule), "lifetime", message});
  return error;
}

Result<x509::Validity> WithinIssuer(TimePoint now, Seconds lifetime, Seconds backdate,
                                    const x509::Validity& issuer) {
  if (now < issuer.not_before()) {
    return Denied("policy.issuer-not-yet-valid", "the issuer's own certificate is not valid yet");
  }
  const TimePoint not_before =
      std::max(WholeSeconds(now) - std::min(backdate, lifetime / 2), issuer.not_before());
  TRY_ASSIGN(auto validity, x509::Validity::For(not_before, lifetime));
  if (validity.not_after() > issuer.not_after()) {
    auto left = std::chrono::floor<Seconds>(issuer.not_after() - not_before) + Seconds(1);
    return Denied("policy.outlives-issuer", "the certificate would outlive its issuer's; at most " +
                                                std::to_string(std::max<int64_t>(left.count(), 0)) +
                                                " s are left");
  }
  return validity;
}

// The text of the first common name (RFC 5280 4.1.2.4), where it is one that we write.
Result<std::string> CommonNameOf(const x509::Name& name) {
  der::Reader outer(name.der());
  TRY_ASSIGN(der::Reader names, outer.ReadSequence());
  while (!names.AtEnd()) {
    TRY_ASSIGN(der::Reader set, names.ReadSet());
    TRY_ASSIGN(der::Reader attribute, set.ReadSequence());
    TRY_ASSIGN(der::Oid type, attribute.ReadOid());
    TRY_ASSIGN(der::Element value, attribute.ReadAny());
    bool is_text = value.tag == der::Tag::kUtf8String || value.tag == der::Tag::kPrintableString;
    if (type.Dotted() == kCommonNameOid && is_text) return ToString(value.contents);
  }
  return Fail(ErrorCode::kNotFound, "name.common-name", "there is no common name");
}

// RFC 6960 4.2.2.2 leaves the responder's name free; people read it in their logs.
Result<x509::Name> ResponderSubject(const x509::Name& issuer) {
  std::string fixed(kResponderCommonName);
  if (Result<std::string> common_name = CommonNameOf(issuer)) {
    Result<x509::Name> subject = x509::Name::CommonName(fixed + " of " + *common_name);
    if (subject) return subject;  // else too long
  }
  return x509::Name::CommonName(fixed);
}

void AddPointers(const std::vector<std::string>& ocsp_urls,
                 const std::vector<std::string>& ca_issuers_urls, x509::Extensions& extensions) {
  if (ocsp_urls.empty() && ca_issuers_urls.empty()) return;
  extensions.push_back(x509::AuthorityInfoAccessExtension(ocsp_urls, ca_issuers_urls));
}

void AddRevocation(const Profile& profile, const IssuerIdentity& issuer,
                   x509::Extensions& extensions) {
  if (profile.ocsp_no_check) {
    extensions.push_back(x509::OcspNoCheckExtension());
  } else if (profile.revocation == RevocationMode::kOcsp) {
    AddPointers(issuer.ocsp_urls, issuer.ca_issuers_urls, extensions);
  } else {
    // RFC 9608 3: with noRevAvail the AIA has no OCSP; caIssuers may stay.
    AddPointers({}, issuer.ca_issuers_urls, extensions);
    extensions.push_back(x509::NoRevAvailExtension());
  }
}

// Always in this order, so that equal wishes give equal bytes.
x509::Extensions LeafExtensions(const IssuanceGrant& grant, const IssuerIdentity& issuer) {
  const Profile& profile = grant.profile();
  x509::Extensions extensions;
  extensions.push_back(x509::AuthorityKeyIdentifierExtension(issuer.key_identifier));
  extensions.push_back(x509::KeyUsageExtension(profile.key_usages));
  if (!profile.extended_key_usages.empty()) {
    extensions.push_back(x509::ExtendedKeyUsageExtension(profile.extended_key_usages));
  }
  if (!grant.names().empty()) {
    // RFC 5280 4.2.1.6: critical, since the subject of a certificate with names is empty.
    extensions.push_back(
        x509::SubjectAltNameExtension(grant.names(), x509::Criticality::kCritical));
  }
  AddRevocation(profile, issuer, extensions);
  return extensions;
}

}  // namespace

Result<CertificateTemplate> MakeTemplate(const IssuanceGrant& grant, const x509::ProvenKey& key,
                                         const IssuerIdentity& issuer, TimePoint now) {
  TRY_ASSIGN(x509::Validity validity,
             WithinIssuer(now, grant.lifetime(), grant.profile().backdate, issuer.validity));
  x509::Name subject = x509::Name::Empty();
  if (grant.profile().ocsp_no_check) {
    TRY_ASSIGN(subject, ResponderSubject(issuer.subject));
  }
  RenewalWindow renewal{validity.not_before() + grant.lifetime() * 2 / 3,
                        validity.not_before() + grant.lifetime() * 5 / 6};
  return CertificateTemplate{
      x509::TbsFields{issuer.signature_algorithm, issuer.subject, validity, std::move(subject),
                      key.spki(), LeafExtensions(grant, issuer)},
      renewal};
}

Result<x509::TbsFields> MakeCaTemplate(const CaWish& wish, const IssuerIdentity& issuer,
                                       TimePoint now) {
  bool is_root = wish.kind == CaKind::kRoot;
  auto validity = is_root ? x509::Validity::For(WholeSeconds(now) - kCaBackdate, wish.lifetime)
                          : WithinIssuer(now, wish.lifetime, kCaBackdate, issuer.validity);
  if (!validity) return std::move(validity).error();

  x509::Extensions extensions;
  // RFC 5280 4.2.1.1: a self-signed certificate may leave its AKI out.
  if (!is_root) {
    extensions.push_back(x509::AuthorityKeyIdentifierExtension(issuer.key_identifier));
  }
  std::optional<uint8_t> path_length;
  if (!is_root) path_length = 0;
  extensions.push_back(x509::BasicConstraintsCa(path_length));
  extensions.push_back(
      x509::KeyUsageExtension(x509::KeyUsage::kKeyCertSign | x509::KeyUsage::kCrlSign));
  extensions.push_back(x509::SubjectKeyIdentifierExtension(wish.public_key.key_identifier()));
  if (!is_root) AddPointers(issuer.ocsp_urls, issuer.ca_issuers_urls, extensions);
  return x509::TbsFields{
      issuer.signature_algorithm, issuer.subject, *validity, wish.subject, wish.public_key,
      std::move(extensions)};
}

}  // namespace mayfly::policy
