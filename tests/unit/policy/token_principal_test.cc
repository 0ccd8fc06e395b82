// Subjects of tokens as principals: their ids, who is meant by a pattern, what their claims open.
#include "policy/principal_text.h"
#include "policy/token_issuer.h"
#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::policy {
namespace {

using testing::ElementsAre;

Principal Subject(const std::string& issuer, const std::string& subject) {
  const std::string id = TokenPrincipalId(issuer, subject);
  return Principal{ProofOfIdentity::kJwt, id, id, {}};
}

TEST(JwsAlgorithms, HaveTheirNamesAndNoneIsSymmetric) {
  EXPECT_EQ(AllJwsAlgorithms().size(), 10u);
  for (JwsAlgorithm algorithm : AllJwsAlgorithms()) {
    const auto name = JwsAlgorithmName(algorithm);
    EXPECT_EQ(JwsAlgorithmFrom(name), algorithm);
    EXPECT_FALSE(name.starts_with("HS"));
  }
  for (const char* name : {"none", "HS256", "rs256", "", "RS256 ", "ES256K"}) {
    EXPECT_EQ(JwsAlgorithmFrom(name), std::nullopt) << name;
  }
}

TEST(TokenPrincipal, IdsAreReadAsTheyAreWritten) {
  const std::string longest(kTokenSubjectCharsMax, 's');
  for (const std::string& subject :
       {std::string("system:serviceaccount:prod:api"), std::string("repo:a/b:environment:Prod Env"),
        std::string("auth0|1"), longest}) {
    const auto principal = PrincipalFromId(TokenPrincipalId("cluster-1", subject));
    ASSERT_TRUE(principal) << subject;
    EXPECT_EQ(principal->proof, ProofOfIdentity::kJwt);
    EXPECT_EQ(principal->id, "jwt:cluster-1:" + subject);
    EXPECT_EQ(principal->request_scope, principal->id);
    EXPECT_TRUE(principal->names.empty());
    EXPECT_TRUE(Who(principal->id).Match(*principal)) << subject;
  }
}

TEST(Claims, AreReadAsTheyAreWritten) {
  const Claims claims{{"namespace", "prod"}, {"serviceaccount", "Api_1.x"}};
  EXPECT_EQ(ClaimsText(claims), "namespace=prod serviceaccount=Api_1.x");
  EXPECT_EQ(ClaimsFromText(ClaimsText(claims)), claims);
  EXPECT_EQ(ClaimsFromText(""), Claims());
}

TEST(Claims, WhatFitsNoPlaceIsNotWritten) {
  EXPECT_EQ(ClaimsText({{"a", "x y"}, {"b", "p/q"}, {"c", ".."}, {"d", "*"}, {"e", "ok"}}), "e=ok");
  EXPECT_EQ(ClaimsText({{"a", "b=c d=e"}}), "");
}

TEST(Claims, NothingElseIsRead) {
  for (const char* text : {" ", "a", "a=", "=b", "a=b ", " a=b", "a=b  c=d", "A=b", "a=b/c",
                           "a=b=c", "b=1 a=2", "a=1 a=2"}) {
    EXPECT_EQ(ClaimsFromText(text), std::nullopt) << text;
  }
}

TEST(TokenPrincipal, RefusesWhatNoTokenSays) {
  for (const std::string& id :
       {std::string("jwt:"), std::string("jwt:a"), std::string("jwt::x"), std::string("jwt:a:"),
        std::string("jwt:A:x"), std::string("jwt:a_b:x"), std::string("jwt:a:x\n"),
        std::string("jwt:a:\xc3\xa4"), std::string("jwt:a:*"), std::string("jwt:a:x*"),
        "jwt:" + std::string(64, 'a') + ":x", "jwt:a:" + std::string(256, 's'),
        std::string("jwt://a/x")}) {
    EXPECT_FALSE(PrincipalFromId(id)) << id;
  }
  EXPECT_TRUE(PrincipalFromId("jwt:" + std::string(63, 'a') + ":x"));
}

TEST(TokenPrincipal, APatternIsExactOrEverySubjectOfOneIssuer) {
  const Principal api = Subject("cluster", "system:serviceaccount:prod:api");
  EXPECT_TRUE(Who("jwt:cluster:system:serviceaccount:prod:api").Match(api));
  EXPECT_TRUE(Who("jwt:cluster:*").Match(api));
  EXPECT_TRUE(Who("jwt:cluster:*").is_every_subject());
  for (const char* other :
       {"jwt:cluster:system:serviceaccount:prod:ap", "jwt:clusters:*", "jwt:cluste:*",
        "jwt:cluster2:system:serviceaccount:prod:api", "local:*", "dns:api.internal"}) {
    EXPECT_FALSE(Who(other).Match(api)) << other;
  }
  EXPECT_FALSE(Who("jwt:cluster:a").Match(Subject("cluster", "b"))) << "also of one character";
  EXPECT_TRUE(Who("*").Match(api));
  for (const char* none :
       {"jwt:*", "jwt:*:*", "jwt:cluster:a*", "jwt:cluster:system:*", "jwt:cluster:**",
        "jwt:Cluster:*", "jwt:cluster", "jwt::*", "jwt:cluster:ns/{namespace}*"}) {
    const auto pattern = PrincipalPattern::Parse(none);
    ASSERT_FALSE(pattern) << none;
    EXPECT_EQ(pattern.error().rule, "policy.principal");
  }
}

TEST(TokenPrincipal, AValueThatIsNoPlainSegmentFillsNoPlace) {
  const auto holder = [](const std::string& id) {
    return Principal{ProofOfIdentity::kCertificate, id, id, {}};
  };
  const auto pattern = Who("spiffe://mayfly.internal/ns/{namespace}/api");
  EXPECT_TRUE(pattern.Match(holder("spiffe://mayfly.internal/ns/prod/api")));
  for (const char* value : {"", "*", "a%2Fb", "a b", "{namespace}"}) {
    EXPECT_FALSE(
        pattern.Match(holder("spiffe://mayfly.internal/ns/" + std::string(value) + "/api")))
        << value;
  }
}

// Whatever is called alike: only a token makes somebody its subject.
TEST(TokenPrincipal, IsProvedByATokenOnly) {
  Principal alike = Subject("cluster", "api");
  for (ProofOfIdentity proof :
       {ProofOfIdentity::kCertificate, ProofOfIdentity::kLocal, ProofOfIdentity::kSystem}) {
    alike.proof = proof;
    EXPECT_FALSE(Who("jwt:cluster:api").Match(alike));
    EXPECT_FALSE(Who("jwt:cluster:*").Match(alike));
  }
  Principal token = Subject("cluster", "api");
  token.id = "spiffe://mayfly.internal/web";
  EXPECT_FALSE(Who("spiffe://mayfly.internal/web").Match(token));
  token.id = "local:0";
  EXPECT_FALSE(Who("local:*").Match(token));
  EXPECT_FALSE(Who("local:0").Match(token));
}

TEST(TokenPrincipal, ItsClaimsFillThePlacesOfNames) {
  using Kind = x509::GeneralName::Kind;
  DecisionBasis basis = Basis();
  basis.policy.rules.push_back(
      Rule{"pods",
           {Who("jwt:cluster:*")},
           {"server"},
           {Pattern(Kind::kUri, "spiffe://mayfly.internal/ns/{namespace}/sa/{serviceaccount}"),
            Pattern(Kind::kDns, "{serviceaccount}.{namespace}.svc.internal")}});
  Principal api = Subject("cluster", "system:serviceaccount:prod:api");
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:api.prod.svc.internal"}), api)),
              ElementsAre("policy.name"));
  api.claims = {{"namespace", "prod"}, {"serviceaccount", "api"}};
  EXPECT_TRUE(Ask(basis, Wish({"DNS:api.prod.svc.internal"}), api));
  EXPECT_TRUE(Ask(basis, Wish({"URI:spiffe://mayfly.internal/ns/prod/sa/api"}), api));
  for (const char* foreign : {"DNS:db.prod.svc.internal", "DNS:api.test.svc.internal",
                              "URI:spiffe://mayfly.internal/ns/prod/sa/db"}) {
    EXPECT_THAT(RulesOf(Ask(basis, Wish({foreign}), api)), ElementsAre("policy.name")) << foreign;
  }
  Principal stranger = Subject("other", "system:serviceaccount:prod:api");
  stranger.claims = api.claims;
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:api.prod.svc.internal"}), stranger)),
              ElementsAre("policy.principal"));
}

}  // namespace
}  // namespace mayfly::policy
