#include "policy/principal_text.h"

#include <gtest/gtest.h>

#include "policy/principal_pattern.h"

namespace mayfly::policy {
namespace {

TEST(PrincipalFromId, ReadsWhatPrincipalIdOfWrites) {
  for (const char* id : {"spiffe://mayfly.internal/ns/prod/sa/web", "dns:web.internal",
                         "ip:10.0.0.7", "email:ops@mayfly.internal"}) {
    const auto principal = PrincipalFromId(id);
    ASSERT_TRUE(principal) << id;
    EXPECT_EQ(principal->id, id);
    EXPECT_EQ(principal->proof, ProofOfIdentity::kCertificate);
    ASSERT_EQ(principal->names.size(), 1u);
    EXPECT_EQ(PrincipalIdOf(principal->names), id);
  }
  EXPECT_EQ(PrincipalFromId("dns:WEB.internal")->id, "dns:web.internal");
}

TEST(PrincipalFromId, ReadsLocalUsers) {
  for (const char* id : {"local:0", "local:1000", "local:4294967295"}) {
    const auto principal = PrincipalFromId(id);
    ASSERT_TRUE(principal) << id;
    EXPECT_EQ(principal->proof, ProofOfIdentity::kLocal);
    EXPECT_EQ(principal->id, id);
    EXPECT_TRUE(principal->names.empty());
  }
}

TEST(PrincipalFromId, RefusesWhatNobodyCanBe) {
  for (const char* id : {"", "web.internal", "local:*", "local:", "local:01", "local:x",
                         "local:12345678901", "dns:*.internal", "dns:", "system:ocsp x"}) {
    const auto principal = PrincipalFromId(id);
    ASSERT_FALSE(principal) << id;
    EXPECT_EQ(principal.error().rule, "principal.id") << id;
  }
}

std::string Refusal(const PrincipalDescription& description) {
  const auto principal = DescribedPrincipal(description);
  return principal ? "" : principal.error().rule;
}

TEST(DescribedPrincipal, ATokensHolderHasClaims) {
  const std::string account = "jwt:cluster:system:serviceaccount:prod:api";
  const auto principal = DescribedPrincipal({.id = account, .claims = {{"namespace", "prod"}}});
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->proof, ProofOfIdentity::kJwt);
  EXPECT_EQ(principal->claims, (Claims{{"namespace", "prod"}}));
  EXPECT_EQ(Refusal({.id = account, .claims = {{"Namespace", "prod"}}}), "principal.claims");
  EXPECT_EQ(Refusal({.id = account, .claims = {{"n", std::string(kClaimsTextBytesMax - 1, 'a')}}}),
            "");
  EXPECT_EQ(Refusal({.id = account, .claims = {{"n", std::string(kClaimsTextBytesMax, 'a')}}}),
            "principal.claims");
  for (const char* other :
       {"spiffe://mayfly.internal/web", "local:0", "foreign:partner:dns:a.example"}) {
    EXPECT_EQ(Refusal({.id = other, .claims = {{"namespace", "prod"}}}), "principal.claims")
        << other;
  }
  EXPECT_EQ(Refusal({.id = "web"}), "principal.id");
}

TEST(DescribedPrincipal, ACertificatesHolderHasNames) {
  const auto name = [](const std::string& text) { return *x509::GeneralName::FromString(text); };
  const auto principal = DescribedPrincipal(
      {.id = "dns:a.internal", .names = {name("DNS:b.internal"), name("DNS:A.internal")}});
  ASSERT_TRUE(principal);
  EXPECT_EQ(x509::Describe(principal->names), "DNS:a.internal, DNS:b.internal");
  EXPECT_EQ(principal->id, "dns:a.internal");
  // Who holds these is somebody else: the only URI comes first, then the first DNS name.
  EXPECT_EQ(Refusal({.id = "dns:a.internal", .names = {name("URI:https://a.internal/")}}),
            "principal.names");
  EXPECT_EQ(Refusal({.id = "jwt:cluster:a", .names = {name("DNS:a.internal")}}), "principal.names");
  PrincipalDescription many{.id = "dns:a.internal"};
  for (size_t i = 1; i < x509::kNamesMax; ++i) {
    many.names.push_back(name("DNS:b" + std::to_string(i) + ".internal"));
  }
  EXPECT_EQ(Refusal(many), "");
  many.names.push_back(name("DNS:c.internal"));
  EXPECT_EQ(Refusal(many), "principal.names");
}

TEST(PrincipalPattern, RefusesWhatIsNoneAndPlacesThatAreNotWholeSegments) {
  for (const char* text :
       {"", "web.internal", "dns:", "dns:*.internal", "dns:{host}.internal", "ip:10.0.0.0/8",
        "email:*@mayfly.internal", "spiffe://mayfly.internal/*", "spiffe://mayfly.internal/ns/a{n}",
        "spiffe://{domain}/ns/prod", "spiffe://MAYFLY.internal/ns/{namespace}",
        "https://mayfly.internal/{path}"}) {
    const auto pattern = PrincipalPattern::Parse(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_EQ(pattern.error().rule, "policy.principal") << text;
  }
  EXPECT_TRUE(PrincipalPattern::Parse("spiffe://mayfly.internal/ns/{namespace}"));
  EXPECT_EQ(PrincipalPattern::Parse("dns:WEB.internal")->text(), "dns:web.internal");
}

}  // namespace
}  // namespace mayfly::policy
