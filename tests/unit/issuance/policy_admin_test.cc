#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

constexpr char kAdmin[] = "spiffe://mayfly.internal/operator";

class PolicyAdmin : public IssuanceTest {
 protected:
  static policy::Principal Who(const std::string& id) {
    return {policy::ProofOfIdentity::kCertificate, id, "lineage:1", {}};
  }
  Result<AppliedPolicy> Apply(const std::string& text,
                              std::optional<uint64_t> base_version = std::nullopt) {
    return SyncWait(authority_->ApplyPolicy({Who(kAdmin), text, base_version}, In()));
  }
  Status Require(const std::string& who, policy::Roles needed = {policy::Role::kAdmin}) {
    return SyncWait(authority_->RequireRole(Who(who), needed, In()));
  }
  Result<StoredBasis> InForce() { return SyncWait(authority_->ShowPolicy(In())); }
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
  ASSERT_TRUE(Apply(kPolicyWithoutWeb, 1));
  const auto outdated = Apply(kPolicy, 1);
  ASSERT_FALSE(outdated);
  EXPECT_EQ(outdated.error().rule, "policy.outdated");
  EXPECT_EQ(InForce()->policy_text, kPolicyWithoutWeb);
  EXPECT_TRUE(Apply(kPolicy, 2));
}

TEST_F(PolicyAdmin, TheTextInForceIsOutdatedWhereAnotherVersionIsMeant) {
  ASSERT_TRUE(Apply(kPolicyWithoutWeb, 1));
  ASSERT_TRUE(Apply(kPolicy, 2));
  for (const uint64_t other : {uint64_t{0}, uint64_t{1}, uint64_t{4}, uint64_t{99}, UINT64_MAX}) {
    const auto outdated = Apply(kPolicy, other);
    ASSERT_FALSE(outdated) << other;
    EXPECT_EQ(outdated.error().code, ErrorCode::kConflict);
    EXPECT_EQ(outdated.error().rule, "policy.outdated");
  }
  EXPECT_TRUE(Apply(kPolicy, 3)->was_in_force);
  EXPECT_TRUE(Apply(kPolicy, 2)->was_in_force) << "whose answer was lost asks again";
  EXPECT_EQ(InForce()->policy_version, 3u);
}

TEST_F(PolicyAdmin, ADeniedRoleIsAnEvent) {
  ASSERT_FALSE(Require("dns:web.internal"));
  const auto events = SyncWait(authority_->ListEvents({{}, std::nullopt, 10}, In()));
  ASSERT_TRUE(events);
  EXPECT_EQ(events->events.front().event.kind, "denial");
}

TEST_F(PolicyAdmin, ABadTextChangesNothingAndEveryMistakeHasItsLine) {
  const uint64_t decision = InForce()->decision;
  const auto refused = Apply("rules = 1\nadmins = [\"x\"]\n");
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

TEST_F(PolicyAdmin, RolesAreThoseOfThePolicyInForce) {
  EXPECT_TRUE(Require(kAdmin));
  const auto refused = Require("dns:web.internal");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "policy.role");
  EXPECT_EQ(Denials().size(), 1u);
  // Another replica has put another one in the place of the admin; this one has not heard of it
  // yet.
  Activate("admins = [\"spiffe://mayfly.internal/other\"]");
  EXPECT_EQ(Require(kAdmin).error().rule, "policy.role");
  EXPECT_TRUE(Require("spiffe://mayfly.internal/other"));
}

TEST_F(PolicyAdmin, APolicyInForceMayHaveNoAdminsButANewOneMayNot) {
  const char* const without = "operators = [\"spiffe://mayfly.internal/operator\"]";
  const auto refused = Apply(without);
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().violations.size(), 1u);
  EXPECT_EQ(refused.error().violations[0].rule, "policy.admins");
  Activate(without);
  EXPECT_TRUE(Require("spiffe://mayfly.internal/operator", {policy::Role::kOperator}));
  EXPECT_EQ(Require("spiffe://mayfly.internal/operator").error().rule, "policy.role");
}

// A later version of the server may have taken it.
TEST_F(PolicyAdmin, APolicyInForceThatCannotBeReadGrantsNothing) {
  Activate("no policy at all");
  EXPECT_EQ(Require(kAdmin).error().code, ErrorCode::kConfiguration);
  EXPECT_EQ(Issue(Request()).error().code, ErrorCode::kConfiguration);
  EXPECT_EQ(ledger_.record_count(), 0u);
  Activate(kPolicy);
  EXPECT_TRUE(Require(kAdmin));
  EXPECT_TRUE(Issue(Request()));
}

TEST_F(PolicyAdmin, EveryRequesterIsOneWithoutALookAtTheDatabase) {
  Activate("no policy at all");
  EXPECT_TRUE(Require("dns:web.internal", {policy::Role::kRequester}));
  EXPECT_TRUE(Require("dns:web.internal", {policy::Role::kRequester, policy::Role::kAdmin}));
  EXPECT_FALSE(Require("", {policy::Role::kRequester}));
}

}  // namespace
}  // namespace mayfly::issuance
