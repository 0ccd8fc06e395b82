#include "rpc/convert.h"

#include <gtest/gtest.h>

#include "rpc/resource_name.h"
#include "rpc/service.h"

namespace mayfly::rpc {
namespace {

constexpr char kSerial[] = "2101933b52f0a1c2d3e4f5061728394a5b6c7d8e";

policy::Principal Someone() {
  return {policy::ProofOfIdentity::kCertificate, "dns:web.internal", "lineage:x", {}};
}

v1::IssueCertificateRequest GoodRequest() {
  v1::IssueCertificateRequest request;
  request.set_csr_der("csr");
  request.set_profile("server");
  return request;
}

std::string RuleOf(const v1::IssueCertificateRequest& request) {
  const auto wish = ToIssueRequest(request, Someone());
  return wish ? "" : wish.error().rule;
}

TEST(ResourceName, CertificateRoundTrip) {
  const std::string text = std::string("issuers/issuing-1/certificates/") + kSerial;
  const auto name = CertificateName::Parse(text);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->issuer, "issuing-1");
  EXPECT_EQ(name->serial.Hex(), kSerial);
  EXPECT_EQ(name->ToString(), text);
}

TEST(ResourceName, AnyIssuer) {
  const auto name = CertificateName::Parse(std::string("issuers/-/certificates/") + kSerial);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->issuer, kAnyIssuer);
}

TEST(ResourceName, OneSpellingOnly) {
  const std::string serial = kSerial;
  const std::vector<std::string> others = {
      "",
      "issuers/",
      "issuers/certificates/21",
      "issuers//certificates/" + serial,
      "issuers/a/certificates/",
      "/issuers/a/certificates/" + serial,
      "issuers/a/certificates/" + serial + "/",
      "issuers/a/certificates/" + serial + "\n",
      "issuers/a/b/certificates/" + serial,
      "issuers/A/certificates/" + serial,
      "Issuers/a/certificates/" + serial,
      "issuers/%61/certificates/" + serial,
      "issuers/a/certificates/2101933B",
      "issuers/a/certificates/a2511f",  // is 00a2511f
      "issuers/a/certificates/210",
      "issuers/a/certificates/zz",
      "issuers/" + std::string(kIssuerNameBytesMax + 1, 'a') + "/certificates/" + serial,
  };
  for (const std::string& text : others) {
    const auto name = CertificateName::Parse(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().rule, "name.certificate") << text;
  }
  EXPECT_TRUE(CertificateName::Parse("issuers/" + std::string(kIssuerNameBytesMax, 'a') +
                                     "/certificates/" + serial));
}

TEST(ResourceName, SizeIsLimited) {
  EXPECT_EQ(CertificateName::Parse(std::string(kResourceNameBytesMax, 'x')).error().rule,
            "name.certificate");
  EXPECT_EQ(CertificateName::Parse(std::string(kResourceNameBytesMax + 1, 'x')).error().rule,
            "name.size");
}

TEST(ResourceName, TrustBundle) {
  EXPECT_EQ(*ParseTrustBundleName("trustBundles/mayfly.internal"), "mayfly.internal");
  EXPECT_EQ(*ParseTrustBundleName("trustBundles/-"), "-");
  for (const char* text : {"", "trustBundles/", "trustBundles/A", "trustbundles/a",
                           "trustBundles/a/b", "mayfly.internal"}) {
    EXPECT_FALSE(ParseTrustBundleName(text)) << text;
  }
}

TEST(ToIssueRequest, TakesEveryField) {
  auto request = GoodRequest();
  request.add_subject_alt_names("DNS:web.internal");
  request.mutable_lifetime()->set_seconds(3600);
  request.set_request_id("0190a1b2-0000-7000-8000-000000000001");
  const auto wish = ToIssueRequest(request, Someone());
  ASSERT_TRUE(wish);
  EXPECT_EQ(ToString(std::get<x509::CertificationRequestDer>(wish->key).der), "csr");
  EXPECT_EQ(wish->profile, "server");
  EXPECT_EQ(wish->principal.id, "dns:web.internal");
  EXPECT_EQ(x509::Describe(wish->names), "DNS:web.internal");
  EXPECT_EQ(wish->lifetime, Seconds(3600));
  EXPECT_EQ(wish->request_id->ToString(), request.request_id());
}

TEST(ToIssueRequest, OptionalFieldsMayBeAbsent) {
  const auto wish = ToIssueRequest(GoodRequest(), Someone());
  ASSERT_TRUE(wish);
  EXPECT_FALSE(wish->lifetime);
  EXPECT_FALSE(wish->request_id);
}

TEST(ToIssueRequest, CsrSizeAtTheLimitAndOnePast) {
  auto request = GoodRequest();
  request.set_csr_der(std::string(x509::kCsrDerBytesMax, 'x'));
  EXPECT_EQ(RuleOf(request), "");
  request.set_csr_der(std::string(x509::kCsrDerBytesMax + 1, 'x'));
  EXPECT_EQ(RuleOf(request), "csr.size");
  request.clear_csr_der();
  EXPECT_EQ(RuleOf(request), "csr.size");
}

TEST(ToIssueRequest, ProfileSizeAtTheLimitAndOnePast) {
  auto request = GoodRequest();
  request.set_profile(std::string(kProfileNameBytesMax, 'x'));
  EXPECT_EQ(RuleOf(request), "");
  request.set_profile(std::string(kProfileNameBytesMax + 1, 'x'));
  EXPECT_EQ(RuleOf(request), "request.profile");
  request.clear_profile();
  EXPECT_EQ(RuleOf(request), "request.profile");
}

TEST(ToIssueRequest, NumberOfNamesAtTheLimitAndOnePast) {
  auto request = GoodRequest();
  for (size_t i = 0; i < x509::kNamesMax; ++i) request.add_subject_alt_names("DNS:a.internal");
  EXPECT_EQ(RuleOf(request), "");
  request.add_subject_alt_names("DNS:a.internal");
  EXPECT_EQ(RuleOf(request), "request.names");
}

TEST(ToIssueRequest, EveryBadNameIsReported) {
  auto request = GoodRequest();
  request.add_subject_alt_names("DNS:good.internal");
  request.add_subject_alt_names("DNS:-bad");
  request.add_subject_alt_names(std::string(kNameTextBytesMax + 1, 'x'));
  const auto wish = ToIssueRequest(request, Someone());
  ASSERT_FALSE(wish);
  ASSERT_EQ(wish.error().violations.size(), 2u);
  EXPECT_EQ(wish.error().violations[0].field, "subject_alt_names[1]");
  EXPECT_EQ(wish.error().violations[0].rule, "name.dns");
  EXPECT_EQ(wish.error().violations[1].rule, "name.size");
}

TEST(ToIssueRequest, LifetimeIsWholePositiveAndBounded) {
  auto request = GoodRequest();
  const auto rule = [&](int64_t seconds, int32_t nanos) {
    request.mutable_lifetime()->set_seconds(seconds);
    request.mutable_lifetime()->set_nanos(nanos);
    return RuleOf(request);
  };
  EXPECT_EQ(rule(1, 0), "");
  EXPECT_EQ(rule(kLifetimeMax.count(), 0), "");
  EXPECT_EQ(rule(kLifetimeMax.count() + 1, 0), "request.lifetime");
  EXPECT_EQ(rule(INT64_MAX, 0), "request.lifetime");
  EXPECT_EQ(rule(0, 0), "request.lifetime");
  EXPECT_EQ(rule(-1, 0), "request.lifetime");
  EXPECT_EQ(rule(5, 1), "request.lifetime");
}

TEST(ToIssueRequest, RequestIdIsAVersion7) {
  auto request = GoodRequest();
  request.set_request_id("0190a1b2-0000-4000-8000-000000000001");
  EXPECT_EQ(RuleOf(request), "request-id.format");
  request.set_request_id("x");
  EXPECT_EQ(RuleOf(request), "request-id.format");
}

TEST(RevocationReason, EveryReasonThereAndBack) {
  for (const int number : {0, 1, 2, 3, 4, 5, 9}) {
    const auto reason = static_cast<RevocationReason>(number);
    const v1::RevocationReason message = FromRevocationReason(reason);
    EXPECT_TRUE(v1::RevocationReason_IsValid(message));
    EXPECT_EQ(*ToRevocationReason(message), reason);
  }
  EXPECT_EQ(FromRevocationReason(RevocationReason::kUnspecified),
            v1::REVOCATION_REASON_UNSPECIFIED);
}

TEST(RevocationReason, UnknownNumbersAndHoldAreRefused) {
  // 7 would be certificateHold.
  for (const int number : {-1, 1, 7, 8, 9, 11, 12, 1000}) {
    const auto reason = ToRevocationReason(static_cast<v1::RevocationReason>(number));
    ASSERT_FALSE(reason) << number;
    EXPECT_EQ(reason.error().rule, "revocation.reason");
  }
}

TEST(TimeAllowed, DefaultCapAndPast) {
  using std::chrono::system_clock;
  const TimePoint now{std::chrono::seconds(1'000'000)};
  const system_clock::time_point wall = now;
  EXPECT_EQ(TimeAllowed(system_clock::time_point::max(), now), kDeadlineDefault);
  EXPECT_EQ(TimeAllowed(wall + Seconds(3), now), Seconds(3));
  EXPECT_EQ(TimeAllowed(wall + kDeadlineMax, now), kDeadlineMax);
  EXPECT_EQ(TimeAllowed(wall + kDeadlineMax + Seconds(1), now), kDeadlineMax);
  EXPECT_EQ(TimeAllowed(wall - Seconds(1), now), Milliseconds(0));
}

}  // namespace
}  // namespace mayfly::rpc
