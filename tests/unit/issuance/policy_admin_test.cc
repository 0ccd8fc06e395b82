#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

constexpr char kOperator[] = "spiffe://mayfly.internal/operator";

class PolicyAdmin : public IssuanceTest {
 protected:
  static policy::Principal Who(const std::string& id) {
    return {policy::ProofOfIdentity::kCertificate, id, "lineage:1", {}};
  }
  Result<AppliedPolicy> Apply(const std::string& text, const std::string& who = kOperator,
                              std::optional<uint64_t> base_version = std::nullopt) {
    return SyncWait(authority_->ApplyPolicy({Who(who), text, base_version}, In()));
  }
  Result<StoredBasis> InForce(const std::string& who = kOperator) {
    return SyncWait(authority_->ShowPolicy(Who(who), In()));
  }
};

TEST_F(PolicyAdmin, AnAppliedPolicyDecidesTheNextRequest) {
  ASSERT_TRUE(Issue(Request()));
  const auto applied = Apply(kPolicyWithoutWeb);
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->version, 2u);
  EXPECT_FALSE(applied->was_in_force);
  const auto refused = Issue(Request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "policy.principal");
  EXPECT_EQ(InForce()->policy_text, kPolicyWithoutWeb);
  EXPECT_EQ(InForce()->policy_version, 2u);
}

TEST_F(PolicyAdmin, TheTextInForceChangesNothing) {
  const uint64_t decision = InForce()->decision;
  const auto applied = Apply(kPolicy);
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->version, 1u);
  EXPECT_TRUE(applied->was_in_force);
  EXPECT_EQ(InForce()->decision, decision);
}

TEST_F(PolicyAdmin, NobodyUndoesWhatAnotherAppliedMeanwhile) {
  ASSERT_TRUE(Apply(kPolicyWithoutWeb, kOperator, 1));
  const auto outdated = Apply(kPolicy, kOperator, 1);
  ASSERT_FALSE(outdated);
  EXPECT_EQ(outdated.error().rule, "policy.outdated");
  EXPECT_EQ(InForce()->policy_text, kPolicyWithoutWeb);
  EXPECT_TRUE(Apply(kPolicy, kOperator, 2));
}

TEST_F(PolicyAdmin, EventsAreForOperators) {
  auto list = [this](const std::string& who) {
    return SyncWait(authority_->ListEvents(Who(who), {{}, std::nullopt, 10}, In()));
  };
  const auto refused = list("dns:web.internal");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "policy.operator");
  const auto events = list(kOperator);
  ASSERT_TRUE(events);
  EXPECT_EQ(events->events.front().event.kind, "denial");
}

TEST_F(PolicyAdmin, ABadTextChangesNothingAndEveryMistakeHasItsLine) {
  const uint64_t decision = InForce()->decision;
  const auto refused = Apply("rules = 1\noperators = [\"x\"]\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().rule, "policy.file");
  ASSERT_EQ(refused.error().violations.size(), 2u);
  std::set<std::string> fields;
  for (const Violation& violation : refused.error().violations) fields.insert(violation.field);
  EXPECT_EQ(fields, (std::set<std::string>{"policy_text:1", "policy_text:2"}));
  EXPECT_EQ(InForce()->policy_text, kPolicy);
  EXPECT_EQ(InForce()->decision, decision);
  EXPECT_TRUE(Issue(Request()));
}

TEST_F(PolicyAdmin, OnlyOperatorsOfThePolicyInForceMay) {
  const auto refused = Apply(kPolicyWithoutWeb, "dns:web.internal");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "policy.operator");
  EXPECT_EQ(InForce("dns:web.internal").error().rule, "policy.operator");
  EXPECT_EQ(Denials().size(), 2u);
  // Another replica has put the operator out; this one has not heard of it yet.
  Activate("");
  EXPECT_EQ(Apply(kPolicy).error().rule, "policy.operator");
}

}  // namespace
}  // namespace mayfly::issuance
