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
  EXPECT_EQ(made->renewal.from, validity.not_before() + kDay * 2 / 3);
  EXPECT_EQ(made->renewal.until, validity.not_before() + kDay * 5 / 6);
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

}  // namespace
}  // namespace mayfly::policy
