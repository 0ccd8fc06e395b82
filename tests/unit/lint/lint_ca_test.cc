#include "lint/linted_tbs.h"
#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::lint {
namespace {

using policy::CaKind;
using policy::CaWish;
using policy::IssuerIdentity;
using policy::IssuerOf;
using policy::kCsr;
using policy::kDay;
using policy::KeyOf;
using policy::kNow;
using policy::kOtherCsr;
using policy::RulesOf;
using testing::ElementsAre;
using testing::IsEmpty;
using x509::KeyUsage;

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

IssuerIdentity IssuerFor(CaKind kind) {
  if (kind == CaKind::kIssuing) return IssuerOf("Root");
  IssuerIdentity self = IssuerOf("New CA");
  self.key_identifier = ToBytes(KeyOf(kCsr).spki().key_identifier());
  return self;
}

// A CA certificate that passes, to be spoilt.
struct Subject {
  explicit Subject(CaKind kind)
      : issuer(IssuerFor(kind)),
        wish{kind, x509::Name::CommonName("New CA").value(), KeyOf(kCsr).spki(), 200 * kDay},
        fields(MakeCaTemplate(wish, issuer, kNow).value()) {}

  IssuerIdentity issuer;
  CaWish wish;
  x509::TbsFields fields;

  std::vector<std::string> Rules(std::optional<x509::SerialNumber> serial = std::nullopt) const {
    auto number = serial.value_or(Serial(x509::LifetimeClassOf(fields.validity.lifetime())));
    return RulesOf(LintCa(x509::TbsCertificate::Write(fields, number), wish, issuer, kNow));
  }
  x509::Extension& At(const der::Oid& oid) {
    return const_cast<x509::Extension&>(*x509::Find(fields.extensions, oid));
  }
  void Remove(const der::Oid& oid) {
    std::erase_if(fields.extensions, [&](const auto& extension) { return extension.oid == oid; });
  }
};

TEST(LintCa, PassesWhatTheTemplatesMake) {
  EXPECT_THAT(Subject(CaKind::kRoot).Rules(), IsEmpty());
  EXPECT_THAT(Subject(CaKind::kIssuing).Rules(), IsEmpty());
}

TEST(LintCa, BasicConstraintsAreTheKinds) {
  Subject root(CaKind::kRoot), issuing(CaKind::kIssuing), absent(CaKind::kRoot);
  root.At(x509::oid::BasicConstraints()) = x509::BasicConstraintsCa(0);
  EXPECT_THAT(root.Rules(), ElementsAre("lint.ca"));
  issuing.At(x509::oid::BasicConstraints()) = x509::BasicConstraintsCa(std::nullopt);
  EXPECT_THAT(issuing.Rules(), ElementsAre("lint.ca"));
  issuing.At(x509::oid::BasicConstraints()) = x509::BasicConstraintsCa(1);
  EXPECT_THAT(issuing.Rules(), ElementsAre("lint.ca"));
  absent.Remove(x509::oid::BasicConstraints());
  EXPECT_THAT(absent.Rules(), ElementsAre("lint.ca", "lint.extensions"));
}

TEST(LintCa, BasicConstraintsAndKeyUsageAreCritical) {
  for (const der::Oid* oid : {&x509::oid::BasicConstraints(), &x509::oid::KeyUsage()}) {
    Subject subject(CaKind::kIssuing);
    subject.At(*oid).criticality = x509::Criticality::kNonCritical;
    EXPECT_THAT(subject.Rules(), ElementsAre("lint.extensions"));
  }
}

TEST(LintCa, KeyUsageIsThatOfACa) {
  Subject more(CaKind::kRoot), less(CaKind::kRoot);
  more.At(x509::oid::KeyUsage()) =
      x509::KeyUsageExtension((KeyUsage::kKeyCertSign | KeyUsage::kCrlSign) |
                              static_cast<x509::KeyUsages>(KeyUsage::kDigitalSignature));
  EXPECT_THAT(more.Rules(), ElementsAre("lint.ca"));
  less.At(x509::oid::KeyUsage()) =
      x509::KeyUsageExtension(static_cast<x509::KeyUsages>(KeyUsage::kKeyCertSign));
  EXPECT_THAT(less.Rules(), ElementsAre("lint.ca"));
}

TEST(LintCa, SubjectKeyIdentifierIsTheKeys) {
  Subject subject(CaKind::kRoot);
  subject.At(x509::oid::SubjectKeyIdentifier()) = x509::SubjectKeyIdentifierExtension(Bytes(20, 1));
  EXPECT_THAT(subject.Rules(), ElementsAre("lint.ca"));
}

TEST(LintCa, NoOtherExtensions) {
  Subject subject(CaKind::kRoot);
  subject.fields.extensions.push_back(x509::NoRevAvailExtension());
  EXPECT_THAT(subject.Rules(), ElementsAre("lint.extensions"));
}

TEST(LintCa, PointersAreTheIssuers) {
  Subject issuing(CaKind::kIssuing), root(CaKind::kRoot);
  issuing.At(x509::oid::AuthorityInfoAccess()) =
      x509::AuthorityInfoAccessExtension({"http://evil.internal/"}, {});
  EXPECT_THAT(issuing.Rules(), ElementsAre("lint.revocation"));
  root.fields.extensions.push_back(
      x509::AuthorityInfoAccessExtension(root.issuer.ocsp_urls, root.issuer.ca_issuers_urls));
  EXPECT_THAT(root.Rules(), ElementsAre("lint.extensions", "lint.revocation"));
}

TEST(LintCa, ValidityIsTheWishes) {
  TimePoint cut = std::chrono::floor<Seconds>(kNow);
  auto with = [](TimePoint from, TimePoint to) {
    Subject subject(CaKind::kRoot);
    subject.fields.validity = x509::Validity::Between(from, to).value();
    return subject.Rules();
  };
  TimePoint last = cut + 200 * kDay - Seconds(61);
  EXPECT_THAT(with(cut - Seconds(60), last), IsEmpty());
  EXPECT_THAT(with(cut - Seconds(60), last + Seconds(1)), ElementsAre("lint.validity"));
  EXPECT_THAT(with(cut - Seconds(119), cut + kDay), IsEmpty());
  EXPECT_THAT(with(cut - Seconds(120), cut + kDay), ElementsAre("lint.validity"));
  EXPECT_THAT(with(cut + Seconds(1), cut + kDay), ElementsAre("lint.validity"));
  EXPECT_THAT(with(cut - Seconds(60), cut - Seconds(1)), ElementsAre("lint.validity"));
  EXPECT_THAT(with(cut, last + Seconds(60)), IsEmpty());
  EXPECT_THAT(with(cut, last + Seconds(61)), ElementsAre("lint.validity"));
}

TEST(LintCa, AnIssuingCaIsWithinTheRoots) {
  Subject subject(CaKind::kIssuing);
  TimePoint cut = std::chrono::floor<Seconds>(kNow);
  subject.issuer.validity = x509::Validity::Between(cut, cut + kDay).value();
  subject.fields.validity = x509::Validity::Between(cut, cut + kDay).value();
  EXPECT_THAT(subject.Rules(), IsEmpty());
  subject.fields.validity = x509::Validity::Between(cut, cut + kDay + Seconds(1)).value();
  EXPECT_THAT(subject.Rules(), ElementsAre("lint.validity"));
  subject.fields.validity = x509::Validity::Between(cut - Seconds(1), cut + kDay).value();
  EXPECT_THAT(subject.Rules(), ElementsAre("lint.validity"));
}

TEST(LintCa, SerialIsOfItsClassAndTime) {
  Subject subject(CaKind::kRoot);
  EXPECT_THAT(subject.Rules(Serial(x509::LifetimeClass::kUpTo7Days)), ElementsAre("lint.serial"));
  EXPECT_THAT(subject.Rules(Serial(x509::LifetimeClass::kLonger, kNow - Seconds(61))),
              ElementsAre("lint.serial"));
}

TEST(LintCa, IssuerIsTheIssuer) {
  Subject name(CaKind::kIssuing), algorithm(CaKind::kIssuing), identifier(CaKind::kIssuing);
  name.fields.issuer = x509::Name::CommonName("Other").value();
  EXPECT_THAT(name.Rules(), ElementsAre("lint.issuer"));
  algorithm.fields.signature_algorithm = x509::SignatureAlgorithm::kEd25519;
  EXPECT_THAT(algorithm.Rules(), ElementsAre("lint.issuer"));
  identifier.At(x509::oid::AuthorityKeyIdentifier()) =
      x509::AuthorityKeyIdentifierExtension(Bytes(20, 0xbb));
  EXPECT_THAT(identifier.Rules(), ElementsAre("lint.issuer"));
}

TEST(LintCa, ARootIsIssuedByItself) {
  Subject key(CaKind::kRoot), name(CaKind::kRoot);
  key.issuer.key_identifier = Bytes(20, 0xaa);
  EXPECT_THAT(key.Rules(), ElementsAre("lint.issuer"));
  name.issuer.subject = name.fields.issuer = x509::Name::CommonName("Other").value();
  EXPECT_THAT(name.Rules(), ElementsAre("lint.issuer"));
}

TEST(LintCa, AnIssuingCaIsNotItsOwnIssuer) {
  Subject key(CaKind::kIssuing), name(CaKind::kIssuing);
  key.issuer.key_identifier = ToBytes(key.wish.public_key.key_identifier());
  key.At(x509::oid::AuthorityKeyIdentifier()) =
      x509::AuthorityKeyIdentifierExtension(key.issuer.key_identifier);
  EXPECT_THAT(key.Rules(), ElementsAre("lint.issuer"));
  name.issuer.subject = name.fields.issuer = name.wish.subject;
  EXPECT_THAT(name.Rules(), ElementsAre("lint.issuer"));
}

TEST(LintCa, KeyAndSubjectAreTheWishes) {
  Subject key(CaKind::kIssuing), subject(CaKind::kIssuing);
  key.wish.public_key = KeyOf(kOtherCsr).spki();
  EXPECT_THAT(key.Rules(), ElementsAre("lint.key"));
  subject.wish.subject = x509::Name::CommonName("Other").value();
  EXPECT_THAT(subject.Rules(), ElementsAre("lint.subject"));
}

}  // namespace
}  // namespace mayfly::lint
