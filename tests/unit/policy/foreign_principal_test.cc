// Holders of foreign CAs' certificates as principals: their ids, and who is meant by a pattern.
#include "policy/foreign_principal.h"

#include "policy/principal_text.h"
#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::policy {
namespace {

using testing::ElementsAre;

Principal Holder(const std::string& id,
                 ProofOfIdentity proof = ProofOfIdentity::kForeignCertificate) {
  return Principal{proof, id, id, {}};
}

TEST(ForeignPrincipal, IdsAreReadAsTheyAreWritten) {
  const auto uri = *x509::GeneralName::Uri("spiffe://partner.example/ns/prod/sa/api");
  const auto dns = *x509::GeneralName::Dns("Host.partner.example");
  EXPECT_EQ(ForeignPrincipalId("partner", uri),
            "foreign:partner:spiffe://partner.example/ns/prod/sa/api");
  EXPECT_EQ(ForeignPrincipalId("partner", dns), "foreign:partner:dns:host.partner.example");
  for (const auto& name : {uri, dns}) {
    const std::string id = ForeignPrincipalId("partner-1", name);
    const auto principal = PrincipalFromId(id);
    ASSERT_TRUE(principal) << id;
    EXPECT_EQ(principal->proof, ProofOfIdentity::kForeignCertificate);
    EXPECT_EQ(principal->id, id);
    EXPECT_EQ(principal->request_scope, id);
    EXPECT_TRUE(principal->names.empty());
    EXPECT_TRUE(Who(id).Match(*principal));
  }
}

TEST(ForeignPrincipal, RefusesWhatNoForeignCaSays) {
  for (const std::string& id :
       {std::string("foreign:"), std::string("foreign:a"), std::string("foreign:a:"),
        std::string("foreign::dns:a.example"), std::string("foreign:A:dns:a.example"),
        std::string("foreign:a_b:dns:a.example"), std::string("foreign:a:web"),
        std::string("foreign:a:dns:A.example"), std::string("foreign:a:dns:*.a.example"),
        std::string("foreign:a:dns:"), std::string("foreign:a:ip:10.0.0.1"),
        std::string("foreign:a:https://a.example/b"), std::string("foreign:a:spiffe://A.example/b"),
        std::string("foreign:a:spiffe://a.example/b/"), std::string("foreign:a:jwt:b:c"),
        std::string("foreign:a:local:0"), std::string("foreign:a:foreign:b:dns:c.example"),
        std::string("foreign://a/x"), "foreign:" + std::string(64, 'a') + ":dns:a.example"}) {
    EXPECT_FALSE(PrincipalFromId(id)) << id;
    EXPECT_FALSE(PrincipalPattern::Parse(id)) << id;
  }
  EXPECT_TRUE(PrincipalFromId("foreign:" + std::string(63, 'a') + ":dns:a.example"));
}

TEST(ForeignPrincipal, APatternIsExactByPlacesOrEveryHolderOfOneCa) {
  const Principal api = Holder("foreign:partner:spiffe://partner.example/ns/prod/sa/api");
  EXPECT_TRUE(Who("foreign:partner:*").Match(api));
  EXPECT_TRUE(Who("foreign:partner:*").is_every_subject());
  EXPECT_TRUE(Who("*").Match(api));
  const auto by_places = Who("foreign:partner:spiffe://partner.example/ns/{namespace}/sa/{name}");
  EXPECT_TRUE(by_places.has_places());
  EXPECT_THAT(by_places.places(), ElementsAre("name", "namespace"));
  const auto claims = by_places.Match(api);
  ASSERT_TRUE(claims);
  EXPECT_EQ(*claims, (Claims{{"name", "api"}, {"namespace", "prod"}}));
  for (const char* other :
       {"foreign:partners:*", "foreign:partne:*", "jwt:partner:*", "local:*",
        "spiffe://partner.example/ns/prod/sa/api", "spiffe://partner.example/ns/{n}/sa/{s}",
        "foreign:other:spiffe://partner.example/ns/prod/sa/api",
        "foreign:other:spiffe://partner.example/ns/{n}/sa/{s}",
        "foreign:partner:spiffe://partner.example/ns/prod/sa/ap",
        "foreign:partner:spiffe://partner.example/ns/{n}",
        "foreign:partner:dns:api.partner.example"}) {
    EXPECT_FALSE(Who(other).Match(api)) << other;
  }
  for (const char* none :
       {"foreign:*", "foreign:*:*", "foreign:partner:spiffe://*", "foreign:{ca}:*",
        "foreign:partner:dns:*", "foreign:partner:spiffe://{t}/a", "foreign:partner:**",
        "foreign:partner:spiffe://partner.example/ns/a{n}", "foreign:partner"}) {
    const auto pattern = PrincipalPattern::Parse(none);
    ASSERT_FALSE(pattern) << none;
    EXPECT_EQ(pattern.error().rule, "policy.principal");
  }
}

// Whatever is called alike: only a foreign CA's certificate makes somebody its holder.
TEST(ForeignPrincipal, IsProvedByAForeignCertificateOnly) {
  const std::string id = "foreign:partner:dns:a.partner.example";
  for (ProofOfIdentity proof : {ProofOfIdentity::kCertificate, ProofOfIdentity::kJwt,
                                ProofOfIdentity::kLocal, ProofOfIdentity::kSystem}) {
    EXPECT_FALSE(Who(id).Match(Holder(id, proof)));
    EXPECT_FALSE(Who("foreign:partner:*").Match(Holder(id, proof)));
  }
  for (const char* ours : {"spiffe://mayfly.internal/web", "local:0", "jwt:a:b"}) {
    EXPECT_FALSE(Who(ours).Match(Holder(ours))) << ours;
  }
}

TEST(ForeignPrincipal, GetsWhatARuleForItGrants) {
  using Kind = x509::GeneralName::Kind;
  DecisionBasis basis = Basis();
  basis.policy.rules.push_back(
      Rule{"partners",
           {Who("foreign:partner:spiffe://partner.example/ns/{namespace}/sa/{name}")},
           {"server"},
           {Pattern(Kind::kDns, "{name}.{namespace}.partner.internal")}});
  const Principal api = Holder("foreign:partner:spiffe://partner.example/ns/prod/sa/api");
  EXPECT_TRUE(Ask(basis, Wish({"DNS:api.prod.partner.internal"}), api));
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:db.prod.partner.internal"}), api)),
              ElementsAre("policy.name"));
  const Principal ours =
      Holder("spiffe://partner.example/ns/prod/sa/api", ProofOfIdentity::kCertificate);
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:api.prod.partner.internal"}), ours)),
              ElementsAre("policy.principal"));
}

}  // namespace
}  // namespace mayfly::policy
