#include "policy/certificate_template.h"

#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::policy {
namespace {

using testing::ElementsAre;

constexpr TimePoint kSecond{std::chrono::seconds(1768478400)};  // kNow, cut

IssuanceGrant Granted(std::string profile = "server") {
  IssuanceWish wish = Wish({"DNS:a.web.internal"});
  wish.profile = std::move(profile);
  return Ask(Basis(), wish).value();
}

std::vector<std::string> Oids(const x509::TbsFields& fields) {
  std::vector<std::string> oids;
  for (const x509::Extension& extension : fields.extensions) oids.push_back(extension.oid.Dotted());
  return oids;
}

TEST(CertificateTemplate, TakesOnlyKeyAndNamesFromTheRequest) {
  IssuerIdentity issuer = IssuerOf();
  auto made = MakeTemplate(Granted(), KeyOf(kCsr), issuer, kNow);
  ASSERT_TRUE(made) << Describe(made.error(), ErrorText::kForLog);
  const x509::TbsFields& fields = made->fields;
  EXPECT_TRUE(fields.subject.empty());
  EXPECT_EQ(fields.issuer, issuer.subject);
  EXPECT_EQ(fields.public_key, KeyOf(kCsr).spki());
  EXPECT_EQ(fields.signature_algorithm, issuer.signature_algorithm);
  // AKI, keyUsage, EKU, SAN, AIA
  EXPECT_THAT(Oids(fields),
              ElementsAre("2.5.29.35", "2.5.29.15", "2.5.29.37", "2.5.29.17", "1.3.6.1.5.5.7.1.1"));
  EXPECT_EQ(fields.extensions[3], x509::SubjectAltNameExtension(Names({"DNS:a.web.internal"}),
                                                                x509::Criticality::kCritical));
  EXPECT_EQ(fields.extensions[4],
            x509::AuthorityInfoAccessExtension(issuer.ocsp_urls, issuer.ca_issuers_urls));
}

TEST(CertificateTemplate, TheBackdateIsPartOfTheLifetime) {
  auto made = MakeTemplate(Granted(), KeyOf(kCsr), IssuerOf(), kNow);
  const x509::Validity validity = made->fields.validity;
  EXPECT_EQ(validity.not_before(), kSecond - Seconds(60));
  EXPECT_EQ(validity.lifetime(), kDay);
}

TEST(CertificateTemplate, NeverBeginsBeforeItsIssuer) {
  IssuerIdentity issuer = IssuerOf();
  issuer.validity = x509::Validity::Between(kSecond - Seconds(10), kNow + 30 * kDay).value();
  auto made = MakeTemplate(Granted(), KeyOf(kCsr), issuer, kNow);
  EXPECT_EQ(made->fields.validity.not_before(), kSecond - Seconds(10));
}

TEST(CertificateTemplate, NeverOutlivesItsIssuer) {
  IssuerIdentity issuer = IssuerOf();
  TimePoint last = kSecond + kDay - Seconds(61);
  issuer.validity = x509::Validity::Between(kNow - kDay, last).value();
  EXPECT_TRUE(MakeTemplate(Granted(), KeyOf(kCsr), issuer, kNow));
  issuer.validity = x509::Validity::Between(kNow - kDay, last - Seconds(1)).value();
  auto made = MakeTemplate(Granted(), KeyOf(kCsr), issuer, kNow);
  EXPECT_THAT(RulesOf(made), ElementsAre("policy.outlives-issuer"));
  EXPECT_THAT(made.error().message, testing::HasSubstr(std::to_string(kDay.count() - 1)));
}

TEST(CertificateTemplate, NeedsAnIssuerThatIsValidAlready) {
  IssuerIdentity issuer = IssuerOf();
  issuer.validity = x509::Validity::Between(kNow + Seconds(5), kNow + 30 * kDay).value();
  EXPECT_THAT(RulesOf(MakeTemplate(Granted(), KeyOf(kCsr), issuer, kNow)),
              ElementsAre("policy.issuer-not-yet-valid"));
}

TEST(CertificateTemplate, NoRevAvailLeavesOnlyCaIssuers) {
  IssuerIdentity issuer = IssuerOf();
  auto made = MakeTemplate(Granted("quiet"), KeyOf(kCsr), issuer, kNow);
  EXPECT_THAT(Oids(made->fields), ElementsAre("2.5.29.35", "2.5.29.15", "2.5.29.37", "2.5.29.17",
                                              "1.3.6.1.5.5.7.1.1", "2.5.29.56"));
  EXPECT_EQ(made->fields.extensions[4],
            x509::AuthorityInfoAccessExtension({}, issuer.ca_issuers_urls));
}

TEST(CertificateTemplate, TheResponderHasANameAndNoPointers) {
  auto made = MakeTemplate(AskForResponder(Basis()).value(), KeyOf(kCsr), IssuerOf(), kNow);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->fields.subject, x509::Name::CommonName("OCSP responder of Issuing 1").value());
  EXPECT_THAT(Oids(made->fields),
              ElementsAre("2.5.29.35", "2.5.29.15", "2.5.29.37", "1.3.6.1.5.5.7.48.1.5"));
}

TEST(CertificateTemplate, TheRespondersNameFitsWhateverTheIssuersIs) {
  auto issuer = IssuerOf(std::string(64, 'x'));
  auto made = MakeTemplate(AskForResponder(Basis()).value(), KeyOf(kCsr), issuer, kNow);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->fields.subject, x509::Name::CommonName("OCSP responder").value());
}

CaWish CaWishOf(CaKind kind) {
  return CaWish{kind, x509::Name::CommonName("New CA").value(), KeyOf(kCsr).spki(), 100 * kDay};
}

TEST(CaTemplate, ARootHasNoPathLengthAndNoPointers) {
  auto fields = MakeCaTemplate(CaWishOf(CaKind::kRoot), IssuerOf("New CA"), kNow);
  ASSERT_TRUE(fields);
  EXPECT_THAT(Oids(*fields), ElementsAre("2.5.29.19", "2.5.29.15", "2.5.29.14"));
  EXPECT_EQ(fields->extensions[0], x509::BasicConstraintsCa(std::nullopt));
  EXPECT_EQ(fields->validity.lifetime(), 100 * kDay);
  EXPECT_EQ(fields->subject, fields->issuer);
}

TEST(CaTemplate, AnIssuingCaSignsLeavesOnly) {
  auto fields = MakeCaTemplate(CaWishOf(CaKind::kIssuing), IssuerOf(), kNow);
  ASSERT_TRUE(fields);
  EXPECT_THAT(Oids(*fields),
              ElementsAre("2.5.29.35", "2.5.29.19", "2.5.29.15", "2.5.29.14", "1.3.6.1.5.5.7.1.1"));
  EXPECT_EQ(fields->extensions[1], x509::BasicConstraintsCa(0));
}

TEST(CaTemplate, AnIssuingCaNeverOutlivesItsRoot) {
  CaWish wish = CaWishOf(CaKind::kIssuing);
  wish.lifetime = 301 * kDay;
  EXPECT_THAT(RulesOf(MakeCaTemplate(wish, IssuerOf(), kNow)),
              ElementsAre("policy.outlives-issuer"));
}

TEST(CaTemplate, ALifeOfNoTimeIsNone) {
  for (const CaKind kind : {CaKind::kRoot, CaKind::kIssuing}) {
    CaWish wish = CaWishOf(kind);
    wish.lifetime = Seconds(0);
    const auto made = MakeCaTemplate(wish, IssuerOf(), kNow);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().rule, "validity.lifetime");
  }
}

// The template of a "server" profile that was changed.
template <class Change>
Result<CertificateTemplate> MadeWith(Change change, const IssuerIdentity& issuer = IssuerOf(),
                                     std::vector<std::string> names = {"DNS:a.web.internal"}) {
  DecisionBasis basis = Basis();
  change(basis.policy.profiles["server"]);
  auto grant = Ask(basis, Wish(names));
  if (!grant) return std::move(grant).error();
  return MakeTemplate(*grant, KeyOf(kCsr), issuer, kNow);
}

TEST(CertificateTemplate, TheSubjectIsWhatTheProfileSays) {
  auto first = MadeWith([](Profile& p) { p.subject = SubjectForm::kFirstName; });
  EXPECT_EQ(first->fields.subject, x509::Name::CommonName("a.web.internal").value());
  EXPECT_EQ(first->fields.extensions[3].criticality, x509::Criticality::kNonCritical);
  const std::string label(62, 'a');
  auto too_long = MadeWith([](Profile& p) { p.subject = SubjectForm::kFirstName; }, IssuerOf(),
                           {"DNS:" + label + ".web.internal"});
  EXPECT_TRUE(too_long->fields.subject.empty());
  EXPECT_EQ(too_long->fields.extensions[3].criticality, x509::Criticality::kCritical);
  auto fixed = MadeWith([](Profile& p) {
    p.subject = SubjectForm::kFixed;
    p.common_name = "Web";
    p.organization = "Example";
  });
  EXPECT_EQ(fixed->fields.subject, x509::Name::OrganizationAndCommonName("Example", "Web").value());
}

TEST(CertificateTemplate, ShortLivesHaveNoRevocation) {
  const auto signs = [](Seconds lifetime, Seconds threshold) {
    Profile profile = ServerProfile();
    profile.revocation = RevocationMode::kByLifetime;
    profile.no_revocation_up_to = threshold;
    profile.must_staple = true;
    return RevocationSignsOf(profile, lifetime);
  };
  EXPECT_TRUE(signs(kDay, kDay).no_rev_avail);
  EXPECT_FALSE(signs(kDay, kDay).pointers || signs(kDay, kDay).must_staple);
  EXPECT_FALSE(signs(kDay + Seconds(1), kDay).no_rev_avail);
  EXPECT_TRUE(signs(kDay + Seconds(1), kDay).pointers);
  EXPECT_TRUE(signs(kDay + Seconds(1), kDay).must_staple);
}

TEST(CertificateTemplate, PointersAreOcspAndCrlAndMustStapleOnWish) {
  IssuerIdentity issuer = IssuerOf();
  issuer.crl_urls = {"http://ca.internal/crl"};
  auto made = MadeWith([](Profile& p) { p.must_staple = true; }, issuer);
  EXPECT_THAT(Oids(made->fields),
              ElementsAre("2.5.29.35", "2.5.29.15", "2.5.29.37", "2.5.29.17", "1.3.6.1.5.5.7.1.1",
                          "2.5.29.31", "1.3.6.1.5.5.7.1.24"));
  // Nothing can be stapled where there is no responder.
  issuer.ocsp_urls.clear();
  made = MadeWith([](Profile& p) { p.must_staple = true; }, issuer);
  EXPECT_THAT(Oids(made->fields), ElementsAre("2.5.29.35", "2.5.29.15", "2.5.29.37", "2.5.29.17",
                                              "1.3.6.1.5.5.7.1.1", "2.5.29.31"));
}

TEST(CertificateTemplate, PoliciesAndExtensionsAreTheProfiles) {
  auto made = MadeWith([](Profile& p) {
    p.certificate_policies = {der::OidOrDie("1.2.3.4")};
    p.extensions = {{der::OidOrDie("1.2.3.5"), x509::Criticality::kCritical, {0x05, 0x00}}};
  });
  EXPECT_THAT(Oids(made->fields), ElementsAre("2.5.29.35", "2.5.29.15", "2.5.29.37", "2.5.29.17",
                                              "2.5.29.32", "1.3.6.1.5.5.7.1.1", "1.2.3.5"));
  EXPECT_EQ(made->fields.extensions[6].criticality, x509::Criticality::kCritical);
}

TEST(CertificateTemplate, WhatWouldOutliveItsIssuerIsTruncatedWhereTheProfileSaysSo) {
  IssuerIdentity issuer = IssuerOf();
  issuer.validity = x509::Validity::Between(kSecond - kDay, kSecond + kHour).value();
  EXPECT_EQ(MadeWith([](Profile&) {}, issuer).error().rule, "policy.outlives-issuer");
  auto made = MadeWith([](Profile& p) { p.at_issuer_end = AtIssuerEnd::kTruncate; }, issuer);
  ASSERT_TRUE(made) << Describe(made.error(), ErrorText::kForLog);
  EXPECT_TRUE(made->shortened_by_issuer);
  EXPECT_EQ(made->fields.validity.not_after(), issuer.validity.not_after());
  EXPECT_FALSE(
      MadeWith([](Profile& p) { p.at_issuer_end = AtIssuerEnd::kTruncate; })->shortened_by_issuer);
  issuer.validity = x509::Validity::Between(kSecond - kDay, kSecond - Seconds(1)).value();
  EXPECT_EQ(
      MadeWith([](Profile& p) { p.at_issuer_end = AtIssuerEnd::kTruncate; }, issuer).error().rule,
      "policy.outlives-issuer");
}

TEST(CertificateTemplate, NamesOutsideOfTheIssuersConstraintsAreRefused) {
  IssuerIdentity issuer = IssuerOf();
  issuer.name_constraints.excluded.push_back(
      x509::Subtree::Parse(x509::GeneralName::Kind::kDns, "b.web.internal").value());
  EXPECT_TRUE(MadeWith([](Profile&) {}, issuer));
  auto refused = MadeWith([](Profile&) {}, issuer, {"DNS:a.web.internal", "DNS:b.web.internal"});
  EXPECT_THAT(RulesOf(refused), ElementsAre("policy.name-constraints"));
}

// GnuTLS does so with any common name, where there is no DNS name.
TEST(CertificateTemplate, UnderConstraintsOnHostsACommonNameIsTakenForOne) {
  IssuerIdentity issuer = IssuerOf();
  issuer.name_constraints.permitted.push_back(
      x509::Subtree::Parse(x509::GeneralName::Kind::kDns, "internal").value());
  const std::vector<std::string> uri = {"URI:spiffe://mayfly.internal/web/a"};
  const auto fixed = [](const std::string& name) {
    return [name](Profile& p) {
      p.subject = SubjectForm::kFixed;
      p.common_name = name;
    };
  };
  for (const char* name : {"A Service", "*.outside.example", "fd00::1", "outside.example",
                           "a_b.internal", "internal.", "Web: 1"}) {
    EXPECT_THAT(RulesOf(MadeWith(fixed(name), issuer, uri)), ElementsAre("policy.name-constraints"))
        << name;
    EXPECT_TRUE(MadeWith(fixed(name), issuer, {"DNS:a.web.internal"})) << name;
    EXPECT_TRUE(MadeWith(fixed(name), IssuerOf(), uri)) << name;
  }
  for (const char* name : {"web.internal", "*.web.internal", "Internal"}) {
    EXPECT_TRUE(MadeWith(fixed(name), issuer, uri)) << name;
  }
  // What can be no server is held against them by OpenSSL alone, where it looks like a host.
  const auto of_purposes = [&](const std::string& name, std::vector<der::Oid> purposes) {
    const auto made = MadeWith(
        [&](Profile& p) {
          fixed(name)(p);
          p.extended_key_usages = purposes;
        },
        issuer, uri);
    return RulesOf(made);
  };
  EXPECT_THAT(of_purposes("A Service", {x509::oid::ClientAuth()}), testing::IsEmpty());
  for (const char* name : {"outside.example", "a_b.outside.example", "fd00::1", "10.0.0.1"}) {
    EXPECT_THAT(of_purposes(name, {x509::oid::ClientAuth()}),
                ElementsAre("policy.name-constraints"))
        << name;
  }
  EXPECT_THAT(of_purposes("A Service", {}), ElementsAre("policy.name-constraints"));
  EXPECT_THAT(of_purposes("A Service", {x509::oid::AnyExtendedKeyUsage()}),
              ElementsAre("policy.name-constraints"));
  EXPECT_THAT(of_purposes("A Service", {x509::oid::ClientAuth(), x509::oid::ServerAuth()}),
              ElementsAre("policy.name-constraints"));
  const auto first_name = [](Profile& p) { p.subject = SubjectForm::kFirstName; };
  EXPECT_TRUE(MadeWith(first_name, issuer, uri)->fields.subject.empty());
  EXPECT_FALSE(MadeWith(first_name, IssuerOf(), uri)->fields.subject.empty());
}

TEST(CaTemplate, NameConstraintsAreCritical) {
  x509::NameConstraints constraints;
  constraints.permitted.push_back(
      x509::Subtree::Parse(x509::GeneralName::Kind::kDns, "internal").value());
  CaWish wish{CaKind::kIssuing, x509::Name::CommonName("Issuing 2").value(), KeyOf(kCsr).spki(),
              kDay, constraints};
  auto fields = MakeCaTemplate(wish, IssuerOf(), kNow);
  const auto* found = Find(fields->extensions, x509::oid::NameConstraints());
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->criticality, x509::Criticality::kCritical);
  EXPECT_EQ(x509::NameConstraints::FromExtension(found->value).value(), constraints);
}

}  // namespace
}  // namespace mayfly::policy
