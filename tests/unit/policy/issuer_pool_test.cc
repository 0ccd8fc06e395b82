// Who may sign: the profile's issuers, without those that are blocked.
#include "policy/authorizer.h"
#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::policy {
namespace {

using testing::ElementsAre;

class IssuerPool : public testing::Test {
 protected:
  Result<IssuanceGrant> Asked() const { return Ask(basis_, Wish({"DNS:a.web.internal"})); }
  void Block(std::string_view issuer) {
    basis_.blocks.insert({BlockKind::kIssuer, ToBytes(AsBytes(issuer))});
  }
  std::vector<std::string>& profiles() { return basis_.policy.profiles["server"].issuers; }

  DecisionBasis basis_ = Basis();
};

TEST_F(IssuerPool, TheProfileSaysWhoSigns) {
  EXPECT_THAT(Asked()->issuers(), ElementsAre("issuing-1"));
  profiles() = {"issuing-2"};
  EXPECT_THAT(Asked()->issuers(), ElementsAre("issuing-2"));
  EXPECT_THAT(AskForResponder(basis_)->issuers(), ElementsAre("issuing-1"));
  Block("issuing-1");
  EXPECT_TRUE(Asked()) << "another than the one that signs";
  Block("issuing-2");
  EXPECT_THAT(RulesOf(Asked()), ElementsAre("policy.blocked"));
}

TEST_F(IssuerPool, GoesOnWithoutThoseThatAreBlocked) {
  profiles() = {"issuing-2", "issuing-1"};
  EXPECT_THAT(Asked()->issuers(), ElementsAre("issuing-2", "issuing-1"));
  Block("issuing-2");
  EXPECT_THAT(Asked()->issuers(), ElementsAre("issuing-1"));
  Block("issuing-1");
  EXPECT_THAT(RulesOf(Asked()), ElementsAre("policy.blocked", "policy.blocked"));
}

}  // namespace
}  // namespace mayfly::policy
