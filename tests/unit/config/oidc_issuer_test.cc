#include "config/oidc_issuer_section.h"
#include "config/policy_file.h"
#include "tests/unit/config/config_fixture.h"

namespace mayfly::config {
namespace {

using policy::JwsAlgorithm;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Result<std::vector<OidcIssuerConfig>> Read(const std::string& text) {
  TRY_ASSIGN(Document document, Document::Parse(text, "ca.toml"));
  Section root = document.root();
  std::vector<OidcIssuerConfig> issuers = ReadOidcIssuers(root, "/etc/mayfly");
  TRY(document.Finish());
  return issuers;
}

constexpr char kGuide[] = "kubernetes-service-accounts.md";
constexpr char kOne[] = R"([[oidc_issuer]]
name = "cluster"
issuer = "https://issuer.example"
audience = "mayfly"
algorithms = ["RS256"]
discovery = true
)";

std::vector<std::string> Findings(std::string_view from, std::string_view to) {
  return FindingsOf(Read(With(kOne, from, to)));
}

// The second block of the page; the first is the whole configuration.
std::string DocumentedExample() {
  const std::string page = ReadText(std::string(MAYFLY_SOURCE_DIR) + "/docs/CONFIGURATION.md");
  const size_t start = page.find("[[oidc_issuer]]\nname");
  EXPECT_NE(start, std::string::npos);
  return page.substr(start, page.find("```", start) - start);
}

TEST(OidcIssuer, TheDocumentedExampleIsComplete) {
  auto issuers = Read(DocumentedExample());
  ASSERT_TRUE(issuers) << Describe(issuers.error(), ErrorText::kForLog);
  ASSERT_EQ(issuers->size(), 1u);
  const OidcIssuerConfig& cluster = issuers->front();
  EXPECT_EQ(cluster.rules.name, "cluster");
  EXPECT_EQ(cluster.rules.issuer, "https://kubernetes.default.svc.cluster.local");
  EXPECT_EQ(cluster.rules.audience, "mayfly");
  EXPECT_THAT(cluster.rules.algorithms, ElementsAre(JwsAlgorithm::kRs256));
  EXPECT_EQ(cluster.rules.clock_skew, Seconds(60));
  EXPECT_THAT(
      cluster.rules.claims,
      ElementsAre(Pair("namespace", ElementsAre("kubernetes.io", "namespace")),
                  Pair("serviceaccount", ElementsAre("kubernetes.io", "serviceaccount", "name"))));
  EXPECT_EQ(cluster.keys, TokenKeys::kDiscovery);
  EXPECT_EQ(cluster.ca_file, "/etc/mayfly/cluster-ca.pem");
}

TEST(OidcIssuer, TheGuideForKubernetesIsRead) {
  const auto issuers = Read(GuideExample(kGuide, "[[oidc_issuer]]"));
  ASSERT_TRUE(issuers) << Describe(issuers.error(), ErrorText::kForLog);
  EXPECT_EQ(issuers->front().keys, TokenKeys::kFile);
  EXPECT_EQ(issuers->front().rules.claims.size(), 2u);
  const auto policy =
      ParsePolicy(ExampleIn("POLICY.md") + "\n" + GuideExample(kGuide, "[[rule]]"), "policy.toml");
  ASSERT_TRUE(policy) << Describe(policy.error(), ErrorText::kForLog);
  EXPECT_EQ(policy->rules.back().principals.front().text(), "jwt:cluster:*");
}

TEST(OidcIssuer, AWholeConfigurationMayHaveSome) {
  TemporaryFolder folder;
  const auto config = LoadConfig(
      folder.Write("ca.toml", ExampleIn("CONFIGURATION.md") + "\n" + DocumentedExample()));
  ASSERT_TRUE(config) << Describe(config.error(), ErrorText::kForLog);
  EXPECT_EQ(config->oidc_issuers.size(), 1u);
  EXPECT_EQ(config->oidc_issuers[0].ca_file, folder.path() / "cluster-ca.pem");
}

TEST(OidcIssuer, NoneIsAllRight) { EXPECT_THAT(Read("").value(), IsEmpty()); }

TEST(OidcIssuer, KeysAreInOnePlace) {
  auto file = Read(With(kOne, "discovery = true", "jwks_file = \"keys/jwks.json\""));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->front().keys, TokenKeys::kFile);
  EXPECT_EQ(file->front().jwks_file, "/etc/mayfly/keys/jwks.json");
  auto url = Read(With(kOne, "discovery = true", "jwks_url = \"https://keys.example/jwks\""));
  ASSERT_TRUE(url);
  EXPECT_EQ(url->front().keys, TokenKeys::kUrl);
  EXPECT_EQ(url->front().jwks_url, "https://keys.example/jwks");
  EXPECT_THAT(Findings("discovery = true", ""), ElementsAre("1 config.token-keys"));
  EXPECT_THAT(Findings("discovery = true", "discovery = false"),
              ElementsAre("6 config.token-keys"));
  EXPECT_THAT(Findings("true", "true\njwks_file = \"x\""), ElementsAre("6 config.token-keys"));
  EXPECT_THAT(Findings("discovery = true", "jwks_file = \"x\"\njwks_url = \"https://a/b\""),
              ElementsAre("7 config.token-keys"));
  EXPECT_THAT(Findings("discovery = true", "jwks_file = \"x\"\nca_file = \"y\""),
              ElementsAre("7 config.not-here"));
  EXPECT_THAT(Findings("discovery = true", "jwks_file = \"\""), ElementsAre("6 config.range"));
}

TEST(OidcIssuer, IsAskedOverHttpsOnly) {
  for (const char* issuer :
       {"http://issuer.example", "issuer.example", "https://", "https://u@issuer.example",
        "https://issuer.example/?a", "https://a/#b"}) {
    EXPECT_THAT(Findings("https://issuer.example", issuer), ElementsAre("3 config.url")) << issuer;
    EXPECT_THAT(Findings("discovery = true", "jwks_url = \"" + std::string(issuer) + "\""),
                ElementsAre("6 config.url"))
        << issuer;
  }
  // With the keys in a file nobody is asked, and Kubernetes has such an issuer.
  std::string legacy = With(kOne, "https://issuer.example", "kubernetes/serviceaccount");
  EXPECT_TRUE(Read(With(legacy, "discovery = true", "jwks_file = \"x\"")));
}

TEST(OidcIssuer, AlgorithmsAreListedAndNeverSymmetric) {
  EXPECT_TRUE(Read(With(kOne, "\"RS256\"", "\"RS256\", \"PS512\", \"ES384\", \"EdDSA\"")));
  for (const char* word : {"none", "HS256", "HS384", "HS512", "rs256", "RS1"}) {
    EXPECT_THAT(Findings("RS256", word), ElementsAre("5 config.word")) << word;
  }
  EXPECT_THAT(Findings("[\"RS256\"]", "[]"), ElementsAre("5 config.range"));
  EXPECT_THAT(Findings("algorithms = [\"RS256\"]\n", ""), ElementsAre("1 config.missing"));
}

TEST(OidcIssuer, TheClockSkewAtTheLimitAndOnePast) {
  EXPECT_TRUE(Read(With(kOne, "discovery = true", "discovery = true\nclock_skew = \"0s\"")));
  EXPECT_TRUE(Read(With(kOne, "discovery = true", "discovery = true\nclock_skew = \"5m\"")));
  EXPECT_THAT(Findings("discovery = true", "discovery = true\nclock_skew = \"301s\""),
              ElementsAre("7 config.range"));
}

TEST(OidcIssuer, NamesAndIssuersAreTheirOwn) {
  EXPECT_THAT(FindingsOf(Read(std::string(kOne) + kOne)),
              ElementsAre("8 config.duplicate", "9 config.duplicate"));
  EXPECT_THAT(Findings("\"cluster\"", "\"Cluster\""), ElementsAre("2 config.name"));
  EXPECT_THAT(Findings("\"cluster\"", "\"a:b\""), ElementsAre("2 config.name"));
  EXPECT_TRUE(Read(With(kOne, "cluster", std::string(63, 'a'))));
  EXPECT_THAT(Findings("cluster", std::string(64, 'a')), ElementsAre("2 config.name"));
  EXPECT_THAT(Findings("audience = \"mayfly\"\n", ""), ElementsAre("1 config.missing"));
  EXPECT_THAT(Findings("\"mayfly\"", "\"\""), ElementsAre("4 config.range"));
}

TEST(OidcIssuer, ClaimsArePathsOfNames) {
  const std::string claims = std::string(kOne) + "[oidc_issuer.claims]\n";
  auto one = Read(claims + "sub_name = [\"a.b\", \"c\"]\n");
  ASSERT_TRUE(one);
  EXPECT_THAT(one->front().rules.claims, ElementsAre(Pair("sub_name", ElementsAre("a.b", "c"))));
  EXPECT_THAT(FindingsOf(Read(claims + "a = \"b\"\n")), ElementsAre("8 config.type"));
  EXPECT_THAT(FindingsOf(Read(claims + "a = []\n")), ElementsAre("8 config.range"));
  EXPECT_THAT(FindingsOf(Read(claims + "a = [\"\"]\n")), ElementsAre("8 config.range"));
  EXPECT_THAT(FindingsOf(Read(claims + "A = [\"b\"]\n")), ElementsAre("8 config.name"));
  EXPECT_THAT(FindingsOf(Read(claims + "\"a-b\" = [\"b\"]\n")), ElementsAre("8 config.name"));
  EXPECT_THAT(FindingsOf(Read(claims + "trust_domain = [\"b\"]\n")),
              ElementsAre("8 config.reserved"));
  std::string path = "\"m\"";
  for (size_t i = 1; i < policy::kClaimPathMembersMax; ++i) path += ", \"m\"";
  EXPECT_TRUE(Read(claims + "a = [" + path + "]\n"));
  EXPECT_THAT(FindingsOf(Read(claims + "a = [" + path + ", \"m\"]\n")),
              ElementsAre("8 config.range"));
}

TEST(OidcIssuer, ClaimsAndIssuersAtTheLimitAndOnePast) {
  std::string claims = std::string(kOne) + "[oidc_issuer.claims]\n", issuers;
  for (size_t i = 0; i < policy::kClaimsPerIssuerMax; ++i) {
    claims += "c" + std::to_string(i) + " = [\"m\"]\n";
  }
  EXPECT_TRUE(Read(claims));
  EXPECT_THAT(FindingsOf(Read(claims + "more = [\"m\"]\n")), ElementsAre("7 config.range"));
  auto numbered = [](size_t i) {
    const std::string number = std::to_string(i);
    return With(With(kOne, "cluster", "c" + number), "issuer.example", "i" + number + ".example");
  };
  for (size_t i = 0; i < policy::kTokenIssuersMax; ++i) issuers += numbered(i);
  EXPECT_TRUE(Read(issuers));
  EXPECT_THAT(FindingsOf(Read(issuers + numbered(99))), ElementsAre("1 config.range"));
}

TEST(OidcIssuer, EveryErrorAtOnce) {
  EXPECT_THAT(FindingsOf(Read("[[oidc_issuer]]\nname = \"X\"\nissuer = \"y\"\nalgorithms = "
                              "[\"none\"]\ndiscovery = true\nclock_skew = \"1h\"\nclient = 1\n")),
              ElementsAre("1 config.missing", "2 config.name", "3 config.url", "4 config.word",
                          "6 config.range", "7 config.unknown-key"));
}

}  // namespace
}  // namespace mayfly::config
