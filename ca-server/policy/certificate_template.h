// CertificateTemplate: everything that will stand in the certificate but its serial number.
// From the request only the key and the granted names reach it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/authorizer.h"
#include "x509/name_constraints.h"
#include "x509/proven_key.h"
#include "x509/tbs_certificate.h"

namespace mayfly::policy {

// What an issuer puts into what it signs.
struct IssuerIdentity {
  x509::Name subject;
  Bytes key_identifier;
  x509::SignatureAlgorithm signature_algorithm;
  x509::Validity validity;  // of its certificate
  std::vector<std::string> ocsp_urls;
  std::vector<std::string> ca_issuers_urls;
  std::vector<std::string> crl_urls;
  x509::NameConstraints name_constraints;  // of its certificate; empty: none
};

// When to renew a certificate (issuance/renewal_planner.h).
struct RenewalWindow {
  TimePoint from, until;
};

struct CertificateTemplate {
  x509::TbsFields fields;
  bool shortened_by_issuer = false;  // AtIssuerEnd::kTruncate, and it would have outlived
};

// What a certificate of this profile and lifetime carries about its revocation.
struct RevocationSigns {
  bool ocsp_no_check = false, no_rev_avail = false, pointers = false, must_staple = false;
};
RevocationSigns RevocationSignsOf(const Profile& profile, Seconds lifetime);

// Has the issuer constraints on DNS names, and the grant none? Then peers hold a common name
// against them: OpenSSL one that looks like a host, GnuTLS of what could be a TLS server any one
// ("A Service", "fd00::1").
bool IsCommonNameTakenForHost(const IssuanceGrant& grant, const IssuerIdentity& issuer);

// The names that an issuing CA's name constraints forbid, each as a violation
// "policy.name-constraints"; empty: none.
std::vector<Violation> OutsideOf(const x509::NameConstraints& constraints,
                                 const x509::GeneralNames& names);

// The subject as the profile says, SAN (critical where the subject is empty), keyUsage,
// extendedKeyUsage, AKI, certificate policies, revocation signs and custom extensions, and nothing
// else. The responder's own certificate has a common name and no SAN.
//
//   notBefore = now - min(backdate, lifetime / 2), never before the issuer's
//   notAfter  = notBefore + lifetime - 1 s: the last second is inclusive (RFC 5280 4.1.2.5)
//
// Whoever numbers it takes the serial's class from fields.validity.lifetime().
// Errors: kPolicyDenied "policy.outlives-issuer", "policy.issuer-not-yet-valid",
// "policy.name-constraints".
Result<CertificateTemplate> MakeTemplate(const IssuanceGrant& grant, const x509::ProvenKey& key,
                                         const IssuerIdentity& issuer, TimePoint now);

// A CA certificate of our own: root (self-issued, no AKI pointers) or issuing CA (pathLen 0).
enum class CaKind : uint8_t { kRoot = 1, kIssuing = 2 };
struct CaWish {
  CaKind kind;
  x509::Name subject;
  x509::SubjectPublicKeyInfo public_key;
  Seconds lifetime;
  x509::NameConstraints name_constraints{};  // kIssuing; empty: none
};
// `issuer` is the root's identity for kIssuing, and the CA's own (same subject, key and algorithm)
// for kRoot. Errors: kPolicyDenied "policy.outlives-issuer", "policy.issuer-not-yet-valid".
Result<x509::TbsFields> MakeCaTemplate(const CaWish& wish, const IssuerIdentity& issuer,
                                       TimePoint now);

}  // namespace mayfly::policy
