// A small policy, an issuer and two proven keys, for the tests of policy/ and lint/.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "policy/authorizer.h"
#include "policy/certificate_template.h"

namespace mayfly::policy {

// Made with: openssl ecparam -name prime256v1 -genkey | openssl req -new -subj / -outform DER
constexpr std::string_view kCsr =
    "MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN/k6ZL4EIBhzMfXHviQymmqTXhwKf/dG0J7eLEdLlDU"
    "zq9lILno22qliOzKloqIuP6wwkJoww4Vd8VbsII718KgADAKBggqhkjOPQQDAgNIADBFAiBWRNicOwOUR4hgK8GGas5L"
    "BF2GAnKZIK4QutF3IN+EkQIhAJ6o8vdZdtc3BL22Tfmk5LWl5Y5emSx3dFOHfeO6kF61";
constexpr std::string_view kOtherCsr =
    "MIG5MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABE36WFQwejHkJL8PozAfkHdGSUXWVWANig/wUw7/c+Rt"
    "jRCUmwXZrKvTewbOHJwHGnA0MgK6eoTjhqx3LbeMYVegADAKBggqhkjOPQQDAgNHADBEAiBBoSglXasFMaSsB+1Bk2sK"
    "CP9/1oS3Am8e/LWEiBlWmwIgVTW3N8qZS3khtJgpSCooeV/n8E2VqiKVKznPQ61/5kg=";

inline x509::ProvenKey KeyOf(std::string_view base64) {
  Bytes der = FromBase64(base64).value();
  auto request = x509::CertificationRequest::FromDer(der).value();
  return x509::ProvenKey::FromRequest(request, x509::KeyRules{}).value();
}

inline x509::GeneralName Name(std::string_view text) {
  return x509::GeneralName::FromString(text).value();
}
inline x509::GeneralNames Names(const std::vector<std::string>& texts) {
  x509::GeneralNames names;
  for (const std::string& text : texts) names.push_back(Name(text));
  return names;
}
inline NamePattern Pattern(x509::GeneralName::Kind kind, std::string_view text) {
  return NamePattern::Parse(kind, text).value();
}

inline PrincipalPattern Who(std::string_view text) { return PrincipalPattern::Parse(text).value(); }

// The rules of an error's violations, in order; of a success, none.
template <class T>
std::vector<std::string> RulesOf(const Result<T>& result) {
  std::vector<std::string> rules;
  if (result) return rules;
  for (const Violation& violation : result.error().violations) rules.push_back(violation.rule);
  return rules;
}

constexpr TimePoint kNow{std::chrono::seconds(1768478400) + std::chrono::microseconds(500000)};
constexpr Seconds kHour{3600};
constexpr Seconds kDay{24 * 3600};

inline Profile ServerProfile() {
  using Kind = x509::GeneralName::Kind;
  Profile profile;
  profile.name = "server";
  profile.lifetime_default = kDay;
  profile.lifetime_max = 7 * kDay;
  profile.backdate = Seconds(60);
  profile.key_usages = static_cast<x509::KeyUsages>(x509::KeyUsage::kDigitalSignature);
  profile.extended_key_usages = {x509::oid::ServerAuth()};
  profile.name_kinds = {Kind::kDns, Kind::kIp, Kind::kUri};
  profile.revocation = RevocationMode::kPointers;
  return profile;
}

inline DecisionBasis Basis() {
  using Kind = x509::GeneralName::Kind;
  DecisionBasis basis;
  basis.decision = 9;
  basis.policy_version = 4;
  basis.policy.profiles["server"] = ServerProfile();
  basis.policy.profiles["quiet"] = ServerProfile();
  basis.policy.profiles["quiet"].name = "quiet";
  basis.policy.profiles["quiet"].revocation = RevocationMode::kNoRevAvail;
  basis.policy.rules.push_back(Rule{
      "web",
      {Who("spiffe://mayfly.internal/web"), Who("local:*")},
      {"server", "quiet"},
      {Pattern(Kind::kDns, "*.web.internal"), Pattern(Kind::kUri, "spiffe://mayfly.internal/web/*"),
       Pattern(Kind::kUri, "https://web.internal/")}});
  basis.policy.rules.push_back(Rule{"net",
                                    {Who("spiffe://mayfly.internal/web")},
                                    {"server"},
                                    {Pattern(Kind::kIp, "10.0.0.0/8")}});
  basis.policy.rules.push_back(Rule{"db",
                                    {Who("spiffe://mayfly.internal/db")},
                                    {"server"},
                                    {Pattern(Kind::kDns, "db.internal")}});
  basis.policy.operators = {Who("spiffe://mayfly.internal/operator")};
  return basis;
}

inline Principal Web() {
  return Principal{ProofOfIdentity::kCertificate, "spiffe://mayfly.internal/web",
                   "lineage:018f0000-0000-7000-8000-000000000001",
                   Names({"URI:spiffe://mayfly.internal/web"})};
}

inline IssuanceWish Wish(const std::vector<std::string>& names) {
  return IssuanceWish{.profile = "server", .names = Names(names), .issuer = "issuing-1"};
}

inline Result<IssuanceGrant> Ask(const DecisionBasis& basis, const IssuanceWish& wish,
                                 const Principal& principal = Web()) {
  return Authorizer(std::make_shared<const DecisionBasis>(basis))
      .Authorize(principal, wish, Evidence{});
}

inline Result<IssuanceGrant> AskForResponder(const DecisionBasis& basis) {
  return Authorizer(std::make_shared<const DecisionBasis>(basis))
      .AuthorizeResponder("issuing-1", Hash256{7}, 7 * kDay);
}

inline IssuerIdentity IssuerOf(std::string_view common_name = "Issuing 1") {
  return IssuerIdentity{
      .subject = x509::Name::CommonName(common_name).value(),
      .key_identifier = Bytes(20, 0xaa),
      .signature_algorithm = x509::SignatureAlgorithm::kEcdsaSha256,
      .validity = x509::Validity::Between(kNow - 10 * kDay, kNow + 300 * kDay).value(),
      .ocsp_urls = {"http://ca.internal/ocsp"},
      .ca_issuers_urls = {"http://ca.internal/issuing-1.cer"}};
}

}  // namespace mayfly::policy
