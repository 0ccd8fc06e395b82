#include <functional>
#include <type_traits>

#include "lint/linted_tbs.h"
#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::lint {
namespace {

using policy::Ask;
using policy::AskForResponder;
using policy::Basis;
using policy::IssuanceGrant;
using policy::IssuerIdentity;
using policy::IssuerOf;
using policy::kCsr;
using policy::kDay;
using policy::KeyOf;
using policy::kNow;
using policy::kOtherCsr;
using policy::Names;
using policy::RulesOf;
using policy::Wish;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using x509::Criticality;
using x509::KeyUsage;
using x509::TbsFields;

static_assert(!std::is_copy_constructible_v<LintedTbs>);
static_assert(!std::is_constructible_v<LintedTbs, x509::TbsCertificate>);
static_assert(!std::is_constructible_v<LintedCaTbs, x509::TbsCertificate>);

class FixedRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& octet : out) octet = 0x5a;
  }
};

x509::SerialNumber Serial(x509::LifetimeClass lifetime_class, TimePoint time = kNow) {
  FixedRandom random;
  return x509::SerialNumber::Make(lifetime_class, time, random);
}
x509::SerialNumber SerialFor(const TbsFields& fields) {
  return Serial(x509::LifetimeClassOf(fields.validity.lifetime()));
}

IssuanceGrant GrantOf(const std::string& profile) {
  if (profile == "ocsp-responder") return AskForResponder(Basis()).value();
  auto wish = Wish({"DNS:a.web.internal", "URI:spiffe://mayfly.internal/web/a"});
  wish.profile = profile;
  return Ask(Basis(), wish).value();
}

// A certificate that passes, to be spoilt.
struct Subject {
  explicit Subject(const std::string& profile = "server")
      : grant(GrantOf(profile)), fields(MakeTemplate(grant, key, issuer, kNow).value().fields) {}

  x509::ProvenKey key = KeyOf(kCsr);
  IssuerIdentity issuer = IssuerOf();
  IssuanceGrant grant;
  TbsFields fields;

  Result<LintedTbs> LintWith(const x509::SerialNumber& serial) const {
    return Lint(x509::TbsCertificate::Write(fields, serial), {grant, key.spki(), issuer, kNow});
  }
  Result<LintedTbs> Linted() const { return LintWith(SerialFor(fields)); }

  void Replace(const x509::Extension& extension) {
    for (x509::Extension& old : fields.extensions) {
      if (old.oid == extension.oid) old = extension;
    }
  }
  void Remove(const der::Oid& oid) {
    std::erase_if(fields.extensions, [&](const auto& extension) { return extension.oid == oid; });
  }
  void Add(x509::Extension extension) { fields.extensions.push_back(std::move(extension)); }
  x509::Extension& At(const der::Oid& oid) {
    return const_cast<x509::Extension&>(*x509::Find(fields.extensions, oid));
  }
};

x509::KeyUsages Usage(KeyUsage usage) { return static_cast<x509::KeyUsages>(usage); }

TEST(Lint, PassesWhatTheTemplatesMake) {
  for (const char* profile : {"server", "quiet", "ocsp-responder"}) {
    Subject subject(profile);
    auto tbs = x509::TbsCertificate::Write(subject.fields, SerialFor(subject.fields));
    auto linted = subject.Linted();
    ASSERT_TRUE(linted) << profile << ": " << Describe(linted.error(), ErrorText::kForLog);
    EXPECT_TRUE(Equal(linted->tbs().der(), tbs.der()));
  }
}

TEST(Lint, IssuersWithoutUrlsGiveNoPointers) {
  Subject subject;
  subject.issuer.ocsp_urls.clear();
  subject.issuer.ca_issuers_urls.clear();
  subject.Remove(x509::oid::AuthorityInfoAccess());
  EXPECT_THAT(RulesOf(subject.Linted()), IsEmpty());
}

TEST(Lint, FailsWithItsOwnCode) {
  Subject subject;
  subject.fields.public_key = KeyOf(kOtherCsr).spki();
  auto linted = subject.Linted();
  ASSERT_FALSE(linted);
  EXPECT_EQ(linted.error().code, ErrorCode::kLintFailed);
  EXPECT_EQ(linted.error().rule, "lint.key");
}

TEST(LintEncoding, BytesThatCannotBeReadBack) {
  Subject subject;
  subject.Add(subject.fields.extensions.front());  // RFC 5280 4.2: no extension twice
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.encoding"));
}

TEST(LintNotCa, BasicConstraints) {
  Subject subject;
  subject.Add(x509::BasicConstraintsCa(std::nullopt));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.not-ca", "lint.extensions"));
}

TEST(LintNotCa, KeyUsagesOfCasEvenWhereTheProfileHasThem) {
  for (KeyUsage usage : {KeyUsage::kKeyCertSign, KeyUsage::kCrlSign}) {
    policy::DecisionBasis basis = Basis();
    basis.policy.profiles["server"].key_usages = Usage(usage);
    Subject subject;
    subject.grant = Ask(basis, Wish({"DNS:a.web.internal"})).value();
    subject.fields = MakeTemplate(subject.grant, subject.key, subject.issuer, kNow)->fields;
    EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.not-ca", "lint.usage-coherence"));
  }
}

TEST(LintKeyUsage, IsTheProfiles) {
  Subject subject;
  subject.Replace(
      x509::KeyUsageExtension(KeyUsage::kDigitalSignature | KeyUsage::kKeyEncipherment));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.key-usage"));
}

TEST(LintKeyUsage, IsCritical) {
  Subject subject;
  subject.At(x509::oid::KeyUsage()).criticality = Criticality::kNonCritical;
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.extensions"));
}

TEST(LintKeyUsage, IsThere) {
  Subject subject;
  subject.Remove(x509::oid::KeyUsage());
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.key-usage", "lint.usage-coherence",
                                                     "lint.spiffe", "lint.extensions"));
}

TEST(LintExtendedKeyUsage, IsExactlyTheProfiles) {
  Subject more, other;
  more.Replace(
      x509::ExtendedKeyUsageExtension({x509::oid::ServerAuth(), x509::oid::OcspSigning()}));
  EXPECT_THAT(RulesOf(more.Linted()), ElementsAre("lint.extended-key-usage"));
  other.Replace(x509::ExtendedKeyUsageExtension({x509::oid::ClientAuth()}));
  EXPECT_THAT(RulesOf(other.Linted()), ElementsAre("lint.extended-key-usage"));
}

TEST(LintNames, AreExactlyTheGranted) {
  for (const auto& names : {Names({"DNS:a.web.internal"}), Names({"DNS:evil.internal"}),
                            Names({"DNS:a.web.internal", "DNS:b.web.internal",
                                   "URI:spiffe://mayfly.internal/web/a"})}) {
    Subject subject;
    subject.Replace(x509::SubjectAltNameExtension(names, Criticality::kCritical));
    EXPECT_THAT(RulesOf(subject.Linted()), AllOf(Contains("lint.names"), Each("lint.names")));
  }
}

TEST(LintNames, AreInTheirOrder) {
  Subject subject;
  der::Writer writer;
  writer.Sequence([&] {
    for (const auto& name : Names({"URI:spiffe://mayfly.internal/web/a", "DNS:a.web.internal"})) {
      name.Write(writer);
    }
  });
  subject.At(x509::oid::SubjectAltName()).value = writer.Take();
  EXPECT_THAT(RulesOf(subject.Linted()), AllOf(Contains("lint.names"), Each("lint.names")));
}

TEST(LintNames, AreThere) {
  Subject subject;
  subject.Remove(x509::oid::SubjectAltName());
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.names", "lint.extensions"));
}

TEST(LintNames, AreCriticalWhereTheSubjectIsEmpty) {
  Subject subject;
  subject.At(x509::oid::SubjectAltName()).criticality = Criticality::kNonCritical;
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.names", "lint.extensions"));
}

TEST(LintNames, AreNotCriticalBesideASubject) {
  Subject subject;
  subject.fields.subject = x509::Name::CommonName("evil").value();
  EXPECT_THAT(RulesOf(subject.Linted()),
              ElementsAre("lint.names", "lint.subject", "lint.extensions"));
}

TEST(LintSubject, ALeafHasNone) {
  Subject subject;
  subject.fields.subject = x509::Name::CommonName("evil").value();
  subject.At(x509::oid::SubjectAltName()).criticality = Criticality::kNonCritical;
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.subject"));
}

TEST(LintSubject, AResponderHasOneOfItsOwn) {
  Subject subject("ocsp-responder");
  subject.fields.subject = x509::Name::Empty();
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.subject"));
  subject.fields.subject = subject.issuer.subject;
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.subject"));
}

class LintValidity : public testing::Test {
 protected:
  std::vector<std::string> Try(TimePoint from, TimePoint to) {
    subject.fields.validity = x509::Validity::Between(from, to).value();
    return RulesOf(subject.Linted());
  }
  static constexpr TimePoint kCut = std::chrono::floor<Seconds>(kNow);
  Subject subject;  // one day, 60 s of backdate
};

TEST_F(LintValidity, LengthAtTheLimitAndOnePast) {
  EXPECT_THAT(Try(kCut - Seconds(60), kCut + kDay - Seconds(61)), IsEmpty());
  EXPECT_THAT(Try(kCut - Seconds(60), kCut + kDay - Seconds(60)), ElementsAre("lint.validity"));
}

TEST_F(LintValidity, BeginsAsGranted) {
  EXPECT_THAT(Try(kCut - Seconds(119), kCut + Seconds(600)), IsEmpty());
  EXPECT_THAT(Try(kCut - Seconds(120), kCut + Seconds(600)), ElementsAre("lint.validity"));
}

TEST_F(LintValidity, CoversThePresent) {
  EXPECT_THAT(Try(kCut + Seconds(1), kCut + Seconds(600)), ElementsAre("lint.validity"));
  EXPECT_THAT(Try(kCut - Seconds(60), kCut - Seconds(1)), ElementsAre("lint.validity"));
}

TEST_F(LintValidity, IsWithinTheIssuers) {
  subject.issuer.validity = x509::Validity::Between(kCut, kCut + Seconds(600)).value();
  EXPECT_THAT(Try(kCut, kCut + Seconds(600)), IsEmpty());
  EXPECT_THAT(Try(kCut - Seconds(1), kCut + Seconds(600)), ElementsAre("lint.validity"));
  EXPECT_THAT(Try(kCut, kCut + Seconds(601)), ElementsAre("lint.validity"));
}

TEST(LintSerial, HasTheClassOfTheLifetime) {
  Subject subject;
  EXPECT_THAT(RulesOf(subject.LintWith(Serial(x509::LifetimeClass::kLonger))),
              ElementsAre("lint.serial"));
}

TEST(LintSerial, HasTheTimeOfNow) {
  Subject subject;
  // A serial's time is cut to milliseconds; kNow is whole milliseconds.
  for (auto [offset, rules] : {std::pair(60000, 0), {60001, 1}, {-60000, 0}, {-60001, 1}}) {
    auto serial = Serial(x509::LifetimeClass::kUpTo7Days, kNow + Milliseconds(offset));
    EXPECT_EQ(RulesOf(subject.LintWith(serial)), std::vector<std::string>(rules, "lint.serial"))
        << offset;
  }
}

TEST(LintSerial, IsOfOurFormat) {
  Subject subject;
  auto foreign = x509::SerialNumber::FromHex("7f" + std::string(38, '1')).value();
  EXPECT_THAT(RulesOf(subject.LintWith(foreign)), ElementsAre("lint.serial"));
  for (size_t digits : {36, 2}) {
    auto short_one = x509::SerialNumber::FromHex("21" + std::string(digits, '1')).value();
    EXPECT_THAT(RulesOf(subject.LintWith(short_one)), ElementsAre("lint.serial")) << digits;
  }
}

TEST(LintIssuer, NameBytesAreTheIssuers) {
  Subject subject;
  subject.fields.issuer = x509::Name::CommonName("Issuing 2").value();
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.issuer"));
}

TEST(LintIssuer, AlgorithmIsTheIssuers) {
  Subject subject;
  subject.fields.signature_algorithm = x509::SignatureAlgorithm::kEcdsaSha384;
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.issuer"));
}

TEST(LintIssuer, AuthorityKeyIdentifierIsTheIssuers) {
  Subject subject;
  subject.Replace(x509::AuthorityKeyIdentifierExtension(Bytes(20, 0xbb)));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.issuer"));
  subject.Remove(x509::oid::AuthorityKeyIdentifier());
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.issuer", "lint.extensions"));
}

TEST(LintKey, IsTheProvenOne) {
  Subject subject;
  subject.fields.public_key = KeyOf(kOtherCsr).spki();
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.key"));
}

TEST(LintKey, IsNotTheIssuersOwn) {
  Subject subject;
  Hash160 identifier = subject.key.spki().key_identifier();
  subject.issuer.key_identifier = ToBytes(identifier);
  subject.Replace(x509::AuthorityKeyIdentifierExtension(identifier));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.key"));
}

TEST(LintExtensions, NoOther) {
  Subject subject;
  subject.Add(x509::SubjectKeyIdentifierExtension(Bytes(20, 1)));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.extensions"));
}

TEST(LintExtensions, EachIsThere) {
  Subject quiet("quiet"), responder("ocsp-responder");
  quiet.Remove(x509::oid::NoRevAvail());
  EXPECT_THAT(RulesOf(quiet.Linted()), ElementsAre("lint.extensions"));
  responder.Remove(x509::oid::OcspNoCheck());
  EXPECT_THAT(RulesOf(responder.Linted()), ElementsAre("lint.extensions"));
}

TEST(LintExtensions, NoNoCheckButForTheResponder) {
  Subject subject;
  subject.Add(x509::OcspNoCheckExtension());
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.extensions"));
}

TEST(LintRevocation, PointersAreTheIssuers) {
  Subject subject;
  subject.Replace(x509::AuthorityInfoAccessExtension({"http://evil.internal/ocsp"},
                                                     subject.issuer.ca_issuers_urls));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.revocation"));
  subject.Remove(x509::oid::AuthorityInfoAccess());
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.extensions", "lint.revocation"));
}

TEST(LintRevocation, NoOcspBesideNoRevAvail) {
  Subject subject("quiet");
  subject.Replace(
      x509::AuthorityInfoAccessExtension(subject.issuer.ocsp_urls, subject.issuer.ca_issuers_urls));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.revocation"));
}

TEST(LintRevocation, NoNoRevAvailBesideOcsp) {
  Subject subject;
  subject.Add(x509::NoRevAvailExtension());
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.extensions"));
}

TEST(LintRevocation, NoPointersForTheResponder) {
  Subject subject("ocsp-responder");
  subject.Add(x509::AuthorityInfoAccessExtension(subject.issuer.ocsp_urls, {}));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.extensions", "lint.revocation"));
}

TEST(LintRevocation, AccessMethodsAreTheTwo) {
  Subject subject;
  der::Writer writer;
  writer.Sequence([&] {
    writer.Sequence([&] {
      writer.ObjectIdentifier(der::OidOrDie("1.3.6.1.5.5.7.48.5"));
      writer.Text(der::ContextPrimitive(6), "http://ca.internal/ocsp");
    });
  });
  subject.At(x509::oid::AuthorityInfoAccess()).value = writer.Take();
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.revocation"));
}

TEST(LintRevocation, ValuesAreNull) {
  Subject quiet("quiet"), responder("ocsp-responder");
  quiet.At(x509::oid::NoRevAvail()).value = {0x04, 0x00};
  EXPECT_THAT(RulesOf(quiet.Linted()), ElementsAre("lint.revocation"));
  responder.At(x509::oid::OcspNoCheck()).value = {0x04, 0x00};
  EXPECT_THAT(RulesOf(responder.Linted()), ElementsAre("lint.revocation"));
}

TEST(Lint, ReportsEveryFinding) {
  Subject subject;
  subject.fields.public_key = KeyOf(kOtherCsr).spki();
  subject.fields.issuer = x509::Name::CommonName("Issuing 2").value();
  subject.Add(x509::BasicConstraintsCa(0));
  EXPECT_THAT(RulesOf(subject.Linted()),
              ElementsAre("lint.not-ca", "lint.issuer", "lint.key", "lint.extensions"));
}

// A subject of a basis whose profile "server" was changed.
template <class Change>
Subject SubjectWith(Change change, std::vector<std::string> names = {"DNS:a.web.internal"},
                    const IssuerIdentity& issuer = IssuerOf()) {
  policy::DecisionBasis basis = Basis();
  change(basis.policy.profiles["server"]);
  Subject subject;
  subject.issuer = issuer;
  subject.grant = Ask(basis, Wish(names)).value();
  subject.fields = MakeTemplate(subject.grant, subject.key, subject.issuer, kNow)->fields;
  return subject;
}

IssuerIdentity WithCrls() {
  IssuerIdentity issuer = IssuerOf();
  issuer.crl_urls = {"http://ca.internal/crl"};
  return issuer;
}

TEST(Lint, PassesWhatEveryKindOfProfileMakes) {
  const auto passes = [](const Subject& subject) {
    auto linted = subject.Linted();
    EXPECT_TRUE(linted) << Describe(linted.error(), ErrorText::kForLog);
  };
  passes(SubjectWith([](auto& p) { p.subject = policy::SubjectForm::kFirstName; }));
  passes(SubjectWith([](auto& p) {
    p.subject = policy::SubjectForm::kFixed;
    p.common_name = "Web";
    p.organization = "Example";
  }));
  passes(SubjectWith([](auto& p) { p.must_staple = true; }, {"DNS:a.web.internal"}, WithCrls()));
  passes(SubjectWith([](auto& p) { p.revocation = policy::RevocationMode::kByLifetime; }));
  passes(SubjectWith([](auto& p) {
    p.certificate_policies = {x509::oid::ServerAuth()};
    p.extensions = {{x509::oid::ClientAuth(), Criticality::kCritical, {0x05, 0x00}}};
  }));
}

TEST(LintSubject, IsTheProfiles) {
  Subject first = SubjectWith([](auto& p) { p.subject = policy::SubjectForm::kFirstName; });
  first.fields.subject = x509::Name::CommonName("b.web.internal").value();
  EXPECT_THAT(RulesOf(first.Linted()), ElementsAre("lint.subject"));
  first = SubjectWith([](auto& p) { p.subject = policy::SubjectForm::kFirstName; },
                      {"DNS:a.web.internal", "DNS:b.web.internal"});
  EXPECT_THAT(RulesOf(first.Linted()), ElementsAre());
  first.fields.subject =
      x509::Name::CommonName("b.web.internal").value();  // granted, not the first
  EXPECT_THAT(RulesOf(first.Linted()), ElementsAre("lint.subject"));
  // Empty only where a name can be no common name, or peers would hold it against constraints.
  first.fields.subject = x509::Name::Empty();
  EXPECT_THAT(RulesOf(first.Linted()), Contains("lint.subject"));
  const std::string long_name = "DNS:" + std::string(60, 'a') + ".web.internal";
  first = SubjectWith([](auto& p) { p.subject = policy::SubjectForm::kFirstName; }, {long_name});
  EXPECT_TRUE(first.fields.subject.empty());
  EXPECT_THAT(RulesOf(first.Linted()), ElementsAre());
  IssuerIdentity bound = IssuerOf();
  bound.name_constraints.permitted.push_back(
      x509::Subtree::Parse(x509::GeneralName::Kind::kDns, "internal").value());
  first = SubjectWith([](auto& p) { p.subject = policy::SubjectForm::kFirstName; },
                      {"URI:https://web.internal/"}, bound);
  EXPECT_TRUE(first.fields.subject.empty());
  EXPECT_THAT(RulesOf(first.Linted()), ElementsAre());
  first.fields.subject = x509::Name::CommonName("https://web.internal/").value();
  EXPECT_THAT(RulesOf(first.Linted()), Contains("lint.subject"));
  Subject fixed = SubjectWith([](auto& p) {
    p.subject = policy::SubjectForm::kFixed;
    p.common_name = "Web";
  });
  fixed.fields.subject = x509::Name::CommonName("Wed").value();
  EXPECT_THAT(RulesOf(fixed.Linted()), ElementsAre("lint.subject"));
  fixed = SubjectWith([](auto& p) {
    p.subject = policy::SubjectForm::kFixed;
    p.common_name = "Issuing 1";
  });
  EXPECT_THAT(RulesOf(fixed.Linted()), ElementsAre("lint.subject"));  // the issuer's own
}

TEST(LintRevocation, NothingOfItStandsBesideNoRevAvail) {
  Subject subject("quiet");
  subject.Add(x509::CrlDistributionPointsExtension({"http://ca.internal/crl"}));
  EXPECT_THAT(RulesOf(subject.Linted()),
              ElementsAre("lint.extensions", "lint.revocation", "lint.revocation"));
  Subject stapled("quiet");
  stapled.Add(x509::MustStapleExtension());
  EXPECT_THAT(RulesOf(stapled.Linted()), ElementsAre("lint.extensions", "lint.revocation"));
}

TEST(LintRevocation, CrlsAreTheIssuers) {
  Subject subject = SubjectWith([](auto&) {}, {"DNS:a.web.internal"}, WithCrls());
  subject.Replace(x509::CrlDistributionPointsExtension({"http://evil.internal/crl"}));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.revocation"));
  subject.Remove(x509::oid::CrlDistributionPoints());
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.extensions", "lint.revocation"));
}

TEST(LintRevocation, MustStapleIsOneFeature) {
  Subject subject = SubjectWith([](auto& p) { p.must_staple = true; });
  subject.At(x509::oid::TlsFeature()).value = {0x30, 0x03, 0x02, 0x01, 0x11};
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.revocation"));
}

TEST(LintCustomExtension, IsTheProfilesToTheByte) {
  Subject subject = SubjectWith([](auto& p) {
    p.certificate_policies = {x509::oid::ServerAuth()};
    p.extensions = {{x509::oid::ClientAuth(), Criticality::kNonCritical, {0x05, 0x00}}};
  });
  subject.At(x509::oid::ClientAuth()).value = {0x0c, 0x00};
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.custom-extension"));
  subject.At(x509::oid::CertificatePolicies()).value =
      x509::CertificatePoliciesExtension({x509::oid::ClientAuth()}).value;
  EXPECT_THAT(RulesOf(subject.Linted()),
              ElementsAre("lint.custom-extension", "lint.custom-extension"));
}

TEST(LintSize, IsBounded) {
  Subject subject = SubjectWith([](auto& p) {
    for (int i = 0; i < 5; ++i) {
      der::Writer writer;
      writer.OctetString(Bytes(4000));
      p.extensions.push_back({der::OidOrDie("1.3.6.1.4.1.99999." + std::to_string(i)),
                              Criticality::kNonCritical, writer.Take()});
    }
  });
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.size"));
}

const std::vector<std::string> kSpiffeId = {"URI:spiffe://mayfly.internal/web/a"};

TEST(LintSpiffe, AnSvidHasOneUriAndSigns) {
  const auto with_client_auth = [](auto& p) {
    p.extended_key_usages = {x509::oid::ServerAuth(), x509::oid::ClientAuth()};
  };
  Subject subject = SubjectWith(with_client_auth, kSpiffeId);
  ASSERT_TRUE(subject.Linted());
  EXPECT_TRUE(subject.Linted()->warnings().empty());
  subject.Replace(x509::SubjectAltNameExtension(
      Names({"URI:https://web.internal/", "URI:spiffe://mayfly.internal/web/a"}),
      Criticality::kCritical));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.names", "lint.names", "lint.spiffe"));
  const auto enciphers = [&](auto& p) {
    with_client_auth(p);
    p.key_usages = Usage(KeyUsage::kKeyAgreement);
  };
  EXPECT_THAT(RulesOf(SubjectWith(enciphers, kSpiffeId).Linted()), ElementsAre("lint.spiffe"));
}

TEST(LintSpiffe, AWorkloadsIdHasAPath) {
  Subject subject = SubjectWith([](auto&) {}, kSpiffeId);
  subject.Replace(x509::SubjectAltNameExtension(Names({"URI:spiffe://mayfly.internal"}),
                                                Criticality::kCritical));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.names", "lint.names", "lint.spiffe"));
}

TEST(LintSpiffe, OneAuthenticationAloneIsAWarningUnlessTheProfileSaysOtherwise) {
  auto linted = SubjectWith([](auto&) {}, kSpiffeId).Linted();
  ASSERT_TRUE(linted);
  ASSERT_EQ(linted->warnings().size(), 1u);
  EXPECT_EQ(linted->warnings()[0].violation.rule, "lint.spiffe-eku");
  EXPECT_EQ(linted->warnings()[0].severity, policy::Severity::kWarning);
  const auto strict = [](auto& p) { p.lint["lint.spiffe-eku"] = policy::Severity::kError; };
  EXPECT_THAT(RulesOf(SubjectWith(strict, kSpiffeId).Linted()), ElementsAre("lint.spiffe-eku"));
  const auto quiet = [](auto& p) { p.lint["lint.spiffe-eku"] = policy::Severity::kOff; };
  EXPECT_TRUE(SubjectWith(quiet, kSpiffeId).Linted()->warnings().empty());
}

TEST(LintSeverity, WhatIsFixedStaysAnError) {
  Subject subject = SubjectWith([](auto& p) {
    for (const policy::LintRule& rule : policy::LintCatalog()) {
      p.lint[std::string(rule.id)] = policy::Severity::kOff;
    }
  });
  subject.Add(x509::BasicConstraintsCa(std::nullopt));
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.not-ca", "lint.extensions"));
}

TEST(LintUsageCoherence, EachPurposeHasAUsage) {
  const auto agrees = [](auto& p) {
    p.key_usages = Usage(KeyUsage::kKeyAgreement);
    p.extended_key_usages = {der::OidOrDie("1.3.6.1.5.5.7.3.3")};
  };
  EXPECT_THAT(RulesOf(SubjectWith(agrees).Linted()), ElementsAre("lint.usage-coherence"));
}

IssuerIdentity ConstrainedTo(std::string_view dns) {
  IssuerIdentity issuer = IssuerOf();
  issuer.name_constraints.permitted.push_back(
      x509::Subtree::Parse(x509::GeneralName::Kind::kDns, dns).value());
  return issuer;
}

TEST(LintNameConstraints, EveryNameIsWithinThem) {
  Subject subject =
      SubjectWith([](auto&) {}, {"DNS:a.web.internal"}, ConstrainedTo("web.internal"));
  EXPECT_TRUE(subject.Linted());
  subject.issuer = ConstrainedTo("db.internal");
  EXPECT_THAT(RulesOf(subject.Linted()), ElementsAre("lint.name-constraints"));
}

}  // namespace
}  // namespace mayfly::lint
