#include "tests/fakes/linted_tbs.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace mayfly::fakes {
namespace {

constexpr Seconds kDay{24 * 3600};
constexpr std::string_view kHolder = "spiffe://mayfly.internal/web";

// Each: openssl ecparam -name prime256v1 -genkey | openssl req -new -subj / -outform DER | base64
constexpr std::string_view kCsr =
    "MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN/k6ZL4EIBhzMfXHviQymmqTXhwKf/dG0J7eLEdLlDU"
    "zq9lILno22qliOzKloqIuP6wwkJoww4Vd8VbsII718KgADAKBggqhkjOPQQDAgNIADBFAiBWRNicOwOUR4hgK8GGas5L"
    "BF2GAnKZIK4QutF3IN+EkQIhAJ6o8vdZdtc3BL22Tfmk5LWl5Y5emSx3dFOHfeO6kF61";
constexpr std::string_view kOtherCsr =
    "MIG5MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABE36WFQwejHkJL8PozAfkHdGSUXWVWANig/wUw7/c+Rt"
    "jRCUmwXZrKvTewbOHJwHGnA0MgK6eoTjhqx3LbeMYVegADAKBggqhkjOPQQDAgNHADBEAiBBoSglXasFMaSsB+1Bk2sK"
    "CP9/1oS3Am8e/LWEiBlWmwIgVTW3N8qZS3khtJgpSCooeV/n8E2VqiKVKznPQ61/5kg=";

template <class T>
T Must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", Describe(result.error(), ErrorText::kForLog).c_str());
    std::abort();
  }
  return *std::move(result);
}

x509::ProvenKey ProvenOf(TestKey key) {
  const std::string_view csr = key == TestKey::kFixed ? kCsr : kOtherCsr;
  auto request = Must(x509::CertificationRequest::FromDer(Must(FromBase64(csr))));
  return Must(x509::ProvenKey::FromRequest(request, {}));
}

policy::IssuanceGrant GrantFor(Seconds lifetime) {
  using Kind = x509::GeneralName::Kind;
  policy::Profile profile;
  profile.name = "server";
  profile.lifetime_default = profile.lifetime_max = lifetime;
  profile.key_usages = static_cast<x509::KeyUsages>(x509::KeyUsage::kDigitalSignature);
  profile.extended_key_usages = {x509::oid::ServerAuth()};
  profile.name_kinds = {Kind::kDns};
  policy::DecisionBasis basis{.decision = 1, .policy_version = 1};
  basis.policy.profiles["server"] = profile;
  basis.policy.rules.push_back({"web",
                                {Must(policy::PrincipalPattern::Parse(kHolder))},
                                {"server"},
                                {Must(policy::NamePattern::Parse(Kind::kDns, "web.internal"))}});
  policy::Authorizer authorizer(std::make_shared<const policy::DecisionBasis>(basis));
  policy::Principal holder{policy::ProofOfIdentity::kCertificate, std::string(kHolder), "", {}};
  policy::IssuanceWish wish{.profile = "server",
                            .names = {Must(x509::GeneralName::Dns("web.internal"))},
                            .issuer = "issuing-1"};
  return Must(authorizer.Authorize(holder, wish, {}));
}

policy::IssuerIdentity IssuerAt(TimePoint now, x509::Name subject, Bytes key_identifier) {
  return {.subject = std::move(subject),
          .key_identifier = std::move(key_identifier),
          .signature_algorithm = x509::SignatureAlgorithm::kEcdsaSha256,
          .validity = Must(x509::Validity::Between(now - kDay, now + 4000 * kDay)),
          .ocsp_urls = {"http://ca.internal/ocsp"},
          .ca_issuers_urls = {}};
}

x509::SerialNumber SerialFor(const x509::TbsFields& fields, TimePoint now, RandomSource& random) {
  return x509::SerialNumber::Make(x509::LifetimeClassOf(fields.validity.lifetime()), now, random);
}

}  // namespace

x509::SubjectPublicKeyInfo PublicKeyOf(TestKey key) { return ProvenOf(key).spki(); }

lint::LintedTbs MakeLintedTbs(TimePoint now, RandomSource& random, Seconds lifetime,
                              TestKey test_key) {
  const x509::ProvenKey key = ProvenOf(test_key);
  const policy::IssuanceGrant grant = GrantFor(lifetime);
  const policy::IssuerIdentity issuer =
      IssuerAt(now, Must(x509::Name::CommonName("Issuing 1")), Bytes(20, 0xaa));
  auto made = Must(policy::MakeTemplate(grant, key, issuer, now));
  auto tbs = x509::TbsCertificate::Write(made.fields, SerialFor(made.fields, now, random));
  return Must(lint::Lint(std::move(tbs), {grant, key.spki(), issuer, now}));
}

lint::LintedCaTbs MakeLintedRootTbs(TimePoint now, RandomSource& random,
                                    const x509::Name& subject) {
  const x509::SubjectPublicKeyInfo key = FixedPublicKey();
  const Hash160 identifier = key.key_identifier();
  const policy::CaWish wish{policy::CaKind::kRoot, subject, key, 3650 * kDay};
  const policy::IssuerIdentity issuer = IssuerAt(now, subject, ToBytes(identifier));
  auto fields = Must(policy::MakeCaTemplate(wish, issuer, now));
  auto tbs = x509::TbsCertificate::Write(fields, SerialFor(fields, now, random));
  return Must(lint::LintCa(std::move(tbs), wish, issuer, now));
}

}  // namespace mayfly::fakes
