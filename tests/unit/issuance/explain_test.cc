#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

using Outcome = policy::RuleTrial::Outcome;

class Explain : public IssuanceTest {
 protected:
  Result<IssuanceExplanation> Ask(IssueRequest request) {
    return SyncWait(authority_->Explain({std::move(request), std::nullopt}, In()));
  }
  Result<IssuanceExplanation> Ask(IssueRequest request, policy::PrincipalDescription as) {
    return SyncWait(authority_->Explain({std::move(request), std::move(as)}, In()));
  }
  Result<IssuanceExplanation> Ask(IssueRequest request, std::string as) {
    return Ask(std::move(request), policy::PrincipalDescription{.id = std::move(as)});
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
  CsrIn(request).back() ^= 1;
  EXPECT_EQ(RulesOf(*Ask(request)), (std::set<std::string>{"csr.signature", "policy.name"}));
  CsrIn(request) = Bytes{0x30, 0x00};
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

TEST_F(Explain, SomebodyElseIsWhatIsSaidOfThem) {
  std::string policy = kPolicy;
  policy.replace(policy.find("principals"), std::string::npos,
                 "principals = [\"jwt:cluster:*\"]\nprofiles = [\"server\"]\n"
                 "dns = [\"*.{namespace}.internal\"]\n"
                 "[[rule]]\nname = \"itself\"\nprincipals = [\"dns:a.internal\"]\n"
                 "profiles = [\"mirror\"]\ndns = [\"*.internal\"]\n");
  policy.insert(policy.find("[[rule]]"),
                "[profile.mirror]\nlifetime = \"1d\"\nkey_usage = [\"digital-signature\"]\n"
                "extended_key_usage = [\"server-auth\"]\nnames = [\"dns\"]\n"
                "names_from = \"principal\"\n");
  Activate(policy.c_str());
  const IssueRequest pod = Request("DNS:api.prod.internal");
  const std::string account = "jwt:cluster:system:serviceaccount:prod:api";
  EXPECT_EQ(RulesOf(*Ask(pod, account)), std::set<std::string>{"policy.name"});
  EXPECT_TRUE(Ask(pod, {.id = account, .claims = {{"namespace", "prod"}}})->tbs);
  EXPECT_FALSE(Ask(pod, {.id = account, .claims = {{"namespace", "dev"}}})->tbs);
  EXPECT_EQ(Ask(pod, {.id = "dns:web.internal", .claims = {{"namespace", "prod"}}}).error().rule,
            "principal.claims");

  IssueRequest mirror = Request();
  mirror.profile = "mirror";
  const auto told =
      Ask(mirror, {.id = "dns:a.internal", .names = {*x509::GeneralName::Dns("b.internal")}});
  ASSERT_TRUE(told);
  EXPECT_EQ(x509::Describe(told->names), "DNS:a.internal, DNS:b.internal");

  IssueRequest own = Request();  // one's own id, and more: still about somebody else
  own.principal.id = "dns:web.internal";
  EXPECT_EQ(Ask(own, {.id = "dns:web.internal", .names = {*x509::GeneralName::Dns("x.internal")}})
                .error()
                .rule,
            "policy.role");
}

}  // namespace
}  // namespace mayfly::issuance
