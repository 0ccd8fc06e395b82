#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

using Outcome = policy::RuleTrial::Outcome;

class Explain : public IssuanceTest {
 protected:
  Result<IssuanceExplanation> Ask(IssueRequest request, std::optional<std::string> as = {}) {
    return SyncWait(authority_->Explain({std::move(request), std::move(as)}, In()));
  }
  static std::set<std::string> RulesOf(const IssuanceExplanation& explanation) {
    std::set<std::string> rules;
    for (const Violation& finding : explanation.findings) rules.insert(finding.rule);
    return rules;
  }
};

TEST_F(Explain, ShowsWhatIssueWouldSignAndSignsNothing) {
  const auto told = Ask(Request());
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->findings.empty());
  EXPECT_EQ(told->policy_version, 1u);
  ASSERT_EQ(told->trials.size(), 1u);
  EXPECT_EQ(told->trials[0].rule, "web");
  EXPECT_EQ(told->trials[0].outcome, Outcome::kGrants);
  ASSERT_TRUE(told->tbs);
  EXPECT_EQ(ledger_.record_count(), 0u);
  EXPECT_EQ(signer_->calls, 0);

  const auto issued = Issue(Request());
  ASSERT_TRUE(issued);
  const auto tbs = x509::TbsCertificate::FromDer(*told->tbs);
  ASSERT_TRUE(tbs);
  EXPECT_EQ(*tbs->names(), *issued->certificate.tbs().names());
  EXPECT_EQ(tbs->fields().validity.lifetime(),
            issued->certificate.tbs().fields().validity.lifetime());
  EXPECT_NE(tbs->serial(), issued->certificate.tbs().serial());
  ASSERT_TRUE(told->lifetime);
  EXPECT_EQ(told->lifetime->granted, tbs->fields().validity.lifetime());
  EXPECT_FALSE(told->lifetime->ends_with_issuer);
}

TEST_F(Explain, EveryMistakeIsToldAtOnce) {
  IssueRequest request = Request("DNS:other.internal");
  request.lifetime = Seconds(86400 * 2);
  const auto told = Ask(request);
  ASSERT_TRUE(told);
  EXPECT_EQ(RulesOf(*told), (std::set<std::string>{"policy.lifetime", "policy.name"}));
  EXPECT_FALSE(told->tbs);
  EXPECT_EQ(told->trials.at(0).outcome, Outcome::kNoName);
  EXPECT_EQ(told->lifetime->requested, Seconds(86400 * 2));
  EXPECT_EQ(told->lifetime->profile_max, Seconds(86400));
  EXPECT_EQ(told->lifetime->granted, std::nullopt);
  EXPECT_TRUE(Denials().empty()) << "a question is not a denial";
}

TEST_F(Explain, ProofAndPolicyAreBothLookedAt) {
  IssueRequest request = Request("DNS:other.internal");
  request.csr_der.back() ^= 1;
  EXPECT_EQ(RulesOf(*Ask(request)), (std::set<std::string>{"csr.signature", "policy.name"}));
  request.csr_der = Bytes{0x30, 0x00};
  const auto unread = Ask(request);
  ASSERT_TRUE(unread);
  EXPECT_EQ(unread->findings.size(), 1u);
  EXPECT_TRUE(unread->trials.empty());
}

TEST_F(Explain, AnUnknownProfileHasNoLifetime) {
  IssueRequest request = Request();
  request.profile = "sever";
  const auto told = Ask(request);
  EXPECT_EQ(RulesOf(*told), std::set<std::string>{"profile.unknown"});
  EXPECT_FALSE(told->lifetime);
  ASSERT_EQ(told->names.size(), 1u);
  EXPECT_EQ(told->names[0].value(), "web.internal");
}

TEST_F(Explain, WhoSeesEverythingMayAskForOthersAndNobodyElse) {
  const auto told = Ask(Request(), "dns:web.internal");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->principal, "dns:web.internal");
  EXPECT_EQ(told->trials.at(0).outcome, Outcome::kOtherPrincipal);
  EXPECT_EQ(RulesOf(*told), std::set<std::string>{"policy.principal"});
  EXPECT_EQ(Ask(Request(), "web.internal").error().rule, "principal.id");

  IssueRequest request = Request();
  request.principal.id = "dns:web.internal";
  EXPECT_TRUE(Ask(request, "dns:web.internal")) << "oneself";
  EXPECT_EQ(Ask(request, "dns:api.internal").error().rule, "policy.role");
  request.principal.id = "spiffe://mayfly.internal/auditor";
  EXPECT_TRUE(Ask(request, "dns:api.internal"));
}

}  // namespace
}  // namespace mayfly::issuance
