#include "policy/certificate_template.h"

#include <algorithm>
#include <iterator>

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

struct Span {
  x509::Validity validity;
  bool shortened;
};

Result<Span> WithinIssuer(TimePoint now, Seconds lifetime, Seconds backdate,
                          const x509::Validity& issuer, AtIssuerEnd at_end) {
  if (now < issuer.not_before()) {
    return Denied("policy.issuer-not-yet-valid", "the issuer's own certificate is not valid yet");
  }
  const TimePoint not_before =
      std::max(WholeSeconds(now) - std::min(backdate, lifetime / 2), issuer.not_before());
  TRY_ASSIGN(auto validity, x509::Validity::For(not_before, lifetime));
  if (validity.not_after() <= issuer.not_after()) return Span{validity, false};

  const auto left = std::chrono::floor<Seconds>(issuer.not_after() - not_before) + Seconds(1);
  // A life that is all in the past already is of use to nobody.
  if (at_end == AtIssuerEnd::kTruncate && now <= issuer.not_after()) {
    TRY_ASSIGN(auto truncated, x509::Validity::For(not_before, left));
    return Span{truncated, true};
  }
  return Denied("policy.outlives-issuer", "the certificate would outlive its issuer's; at most " +
                                              std::to_string(std::max<int64_t>(left.count(), 0)) +
                                              " s are left");
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

void AddRevocation(const RevocationSigns& signs, const IssuerIdentity& issuer,
                   x509::Extensions& extensions) {
  if (signs.ocsp_no_check) {
    extensions.push_back(x509::OcspNoCheckExtension());
    return;
  }
  if (!signs.pointers) {
    // RFC 9608 3: with noRevAvail the AIA has no OCSP; caIssuers may stay.
    AddPointers({}, issuer.ca_issuers_urls, extensions);
    extensions.push_back(x509::NoRevAvailExtension());
    return;
  }
  AddPointers(issuer.ocsp_urls, issuer.ca_issuers_urls, extensions);
  if (!issuer.crl_urls.empty()) {
    extensions.push_back(x509::CrlDistributionPointsExtension(issuer.crl_urls));
  }
  if (signs.must_staple && !issuer.ocsp_urls.empty()) {
    extensions.push_back(x509::MustStapleExtension());
  }
}

// Always in this order, so that equal wishes give equal bytes.
x509::Extensions LeafExtensions(const IssuanceGrant& grant, const IssuerIdentity& issuer,
                                const x509::Name& subject, Seconds lifetime) {
  const Profile& profile = grant.profile();
  x509::Extensions extensions;
  extensions.push_back(x509::AuthorityKeyIdentifierExtension(issuer.key_identifier));
  extensions.push_back(x509::KeyUsageExtension(profile.key_usages));
  if (!profile.extended_key_usages.empty()) {
    extensions.push_back(x509::ExtendedKeyUsageExtension(profile.extended_key_usages));
  }
  if (!grant.names().empty()) {
    // RFC 5280 4.2.1.6: critical where the subject is empty, and only there.
    extensions.push_back(x509::SubjectAltNameExtension(
        grant.names(),
        subject.empty() ? x509::Criticality::kCritical : x509::Criticality::kNonCritical));
  }
  if (!profile.certificate_policies.empty()) {
    extensions.push_back(x509::CertificatePoliciesExtension(profile.certificate_policies));
  }
  AddRevocation(RevocationSignsOf(profile, lifetime), issuer, extensions);
  std::ranges::copy(profile.extensions, std::back_inserter(extensions));
  return extensions;
}

Error OutsideOfConstraints(std::vector<Violation> violations) {
  Error error =
      Fail(ErrorCode::kPolicyDenied, "policy.name-constraints", "the issuing CA may not name this");
  error.violations = std::move(violations);
  return error;
}

// As OpenSSL does, also what could be no DNS name.
bool LooksLikeHost(const std::string& text) {
  const auto is_of_host = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '*' || c == ':';
  };
  return std::ranges::all_of(text, is_of_host);
}

// RFC 5280 4.2.1.12: whose certificate says nothing of purposes has every one.
bool CouldBeServer(const Profile& profile) {
  const std::vector<der::Oid>& purposes = profile.extended_key_usages;
  const auto is_server = [](const der::Oid& purpose) {
    return purpose == x509::oid::ServerAuth() || purpose == x509::oid::AnyExtendedKeyUsage();
  };
  return purposes.empty() || std::ranges::any_of(purposes, is_server);
}

bool IsPermittedCommonName(const Profile& profile, const x509::NameConstraints& constraints) {
  const auto host = x509::GeneralName::Dns(profile.common_name);
  if (host) return constraints.Permits(*host);
  return !LooksLikeHost(profile.common_name) && !CouldBeServer(profile);
}

Result<x509::Name> SubjectOf(const IssuanceGrant& grant, const IssuerIdentity& issuer) {
  const Profile& profile = grant.profile();
  if (profile.ocsp_no_check) return ResponderSubject(issuer.subject);
  switch (profile.subject) {
    case SubjectForm::kEmpty:
      return x509::Name::Empty();
    case SubjectForm::kFirstName: {
      if (IsCommonNameTakenForHost(grant, issuer)) return x509::Name::Empty();
      auto name = x509::Name::CommonName(grant.names().front().ValueText());
      return name ? *std::move(name) : x509::Name::Empty();  // too long for one
    }
    case SubjectForm::kFixed:
      if (IsCommonNameTakenForHost(grant, issuer) &&
          !IsPermittedCommonName(profile, issuer.name_constraints)) {
        return OutsideOfConstraints(
            {{"policy.name-constraints", "subject",
              "the profile's common name " + Escape(profile.common_name) +
                  " is outside of the issuing CA's name constraints, and is "
                  "taken for a host where no DNS name is asked for: ask "
                  "for one, or use a profile with subject = \"empty\""}});
      }
      return profile.organization.empty()
                 ? x509::Name::CommonName(profile.common_name)
                 : x509::Name::OrganizationAndCommonName(profile.organization, profile.common_name);
  }
  return x509::Name::Empty();
}

Status CheckNameConstraints(const IssuanceGrant& grant, const IssuerIdentity& issuer) {
  auto violations = OutsideOf(issuer.name_constraints, grant.names());
  if (violations.empty()) return Ok();
  return OutsideOfConstraints(std::move(violations));
}

}  // namespace

bool IsCommonNameTakenForHost(const IssuanceGrant& grant, const IssuerIdentity& issuer) {
  using Kind = x509::GeneralName::Kind;
  const auto is_dns = [](const auto& name) { return name.kind() == Kind::kDns; };
  const auto bounds_dns = [](const auto& subtree) { return subtree.kind == Kind::kDns; };
  const x509::NameConstraints& constraints = issuer.name_constraints;
  const bool bound = std::ranges::any_of(constraints.permitted, bounds_dns) ||
                     std::ranges::any_of(constraints.excluded, bounds_dns);
  return bound && std::ranges::none_of(grant.names(), is_dns);
}

RevocationSigns RevocationSignsOf(const Profile& profile, Seconds lifetime) {
  if (profile.ocsp_no_check) return {.ocsp_no_check = true};
  const bool is_short =
      profile.revocation == RevocationMode::kByLifetime && lifetime <= profile.no_revocation_up_to;
  if (is_short || profile.revocation == RevocationMode::kNoRevAvail) return {.no_rev_avail = true};
  return {.pointers = true, .must_staple = profile.must_staple};
}

std::vector<Violation> OutsideOf(const x509::NameConstraints& constraints,
                                 const x509::GeneralNames& names) {
  std::vector<Violation> violations;
  for (const x509::GeneralName& name : names) {
    if (constraints.Permits(name)) continue;
    violations.push_back(
        {"policy.name-constraints", "subject_alt_names",
         Escape(name.ToString()) + " is outside of the issuing CA's name constraints"});
  }
  return violations;
}

Result<CertificateTemplate> MakeTemplate(const IssuanceGrant& grant, const x509::ProvenKey& key,
                                         const IssuerIdentity& issuer, TimePoint now) {
  const Profile& profile = grant.profile();
  TRY(CheckNameConstraints(grant, issuer));
  TRY_ASSIGN(const Span span, WithinIssuer(now, grant.lifetime(), profile.backdate, issuer.validity,
                                           profile.at_issuer_end));
  TRY_ASSIGN(x509::Name subject, SubjectOf(grant, issuer));
  const Seconds lifetime = span.validity.lifetime();
  x509::Extensions extensions = LeafExtensions(grant, issuer, subject, lifetime);
  return CertificateTemplate{
      x509::TbsFields{issuer.signature_algorithm, issuer.subject, span.validity, std::move(subject),
                      key.spki(), std::move(extensions)},
      span.shortened};
}

Result<x509::TbsFields> MakeCaTemplate(const CaWish& wish, const IssuerIdentity& issuer,
                                       TimePoint now) {
  bool is_root = wish.kind == CaKind::kRoot;
  auto validity = x509::Validity::For(WholeSeconds(now) - kCaBackdate, wish.lifetime);
  if (!is_root) {
    TRY_ASSIGN(const Span span, WithinIssuer(now, wish.lifetime, kCaBackdate, issuer.validity,
                                             AtIssuerEnd::kRefuse));
    validity = span.validity;
  }
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
  if (!wish.name_constraints.empty()) {
    extensions.push_back(wish.name_constraints.ToExtension());
  }
  if (!is_root) AddPointers(issuer.ocsp_urls, issuer.ca_issuers_urls, extensions);
  return x509::TbsFields{
      issuer.signature_algorithm, issuer.subject, *validity, wish.subject, wish.public_key,
      std::move(extensions)};
}

}  // namespace mayfly::policy
