// docs/guides/kubernetes-service-accounts.md: its token proves what the page says. Its
// configuration and its rule are read in tests/unit/config.
#include <fstream>
#include <sstream>

#include "tests/unit/identity/token_fixture.h"

namespace mayfly::identity {
namespace {

std::string BlockOf(const std::string& opening) {
  std::ifstream file(MAYFLY_SOURCE_DIR "/docs/guides/kubernetes-service-accounts.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string text = page.str();
  const size_t start = text.find(opening) + opening.size();
  return text.substr(start, text.find("```", start) - start);
}

TEST(KubernetesGuide, ItsTokenProvesThePod) {
  const std::string claims = BlockOf("```json\n");
  policy::TokenIssuer rules = Rules();
  rules.issuer = "https://kubernetes.default.svc.cluster.local";
  const std::string text =
      SignedText(EcKey(), JwsAlgorithm::kEs256, HeaderFor(JwsAlgorithm::kEs256).dump(), claims);
  const auto verified = VerifyNow(text, rules, KeySet({EcKey().Jwk("k1")}));
  ASSERT_TRUE(verified) << Describe(verified.error(), ErrorText::kForLog);
  const policy::Principal principal = PrincipalOf(*verified);
  EXPECT_EQ(principal.id, "jwt:cluster:system:serviceaccount:prod:api");
  EXPECT_EQ(principal.claims.at("namespace"), "prod");
  EXPECT_EQ(principal.claims.at("serviceaccount"), "api");
}

}  // namespace
}  // namespace mayfly::identity
