#include "policy/role.h"

#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::policy {
namespace {

Authorizer WithRoles() {
  DecisionBasis basis = Basis();
  basis.policy.admins = {Who("spiffe://td/admin")};
  basis.policy.operators = {Who("spiffe://td/operator"), Who("spiffe://td/both")};
  basis.policy.auditors = {Who("spiffe://td/auditor")};
  basis.policy.enrollers = {Who("spiffe://td/enroller"), Who("spiffe://td/both")};
  return Authorizer(std::make_shared<const DecisionBasis>(std::move(basis)));
}

Principal Named(const std::string& id) {
  return {ProofOfIdentity::kCertificate, id, "lineage:1", {}};
}

TEST(Roles, ARoleHasThoseThatItContains) {
  const Authorizer authorizer = WithRoles();
  auto roles_of = [&](const std::string& id) { return authorizer.RolesOf(Named(id)); };
  EXPECT_EQ(roles_of("spiffe://td/web"), Roles{Role::kRequester});
  EXPECT_EQ(roles_of("spiffe://td/enroller"), (Roles{Role::kRequester, Role::kEnroller}));
  EXPECT_EQ(roles_of("spiffe://td/auditor"), (Roles{Role::kRequester, Role::kAuditor}));
  EXPECT_EQ(roles_of("spiffe://td/operator"),
            (Roles{Role::kRequester, Role::kAuditor, Role::kOperator}));
  EXPECT_EQ(roles_of("spiffe://td/admin"), (Roles{Role::kRequester, Role::kEnroller, Role::kAuditor,
                                                  Role::kOperator, Role::kAdmin}));
}

TEST(Roles, ListsAddUp) {
  EXPECT_EQ(WithRoles().RolesOf(Named("spiffe://td/both")),
            (Roles{Role::kRequester, Role::kAuditor, Role::kOperator, Role::kEnroller}));
}

// It could not ask for a certificate either.
TEST(Roles, WhoIsBlockedHasNone) {
  DecisionBasis basis = Basis();
  basis.policy.admins = {Who("spiffe://td/admin")};
  basis.blocks = {{BlockKind::kIdentity, ToBytes(AsBytes("URI:spiffe://td/admin"))}};
  const Authorizer authorizer(std::make_shared<const DecisionBasis>(std::move(basis)));
  Principal admin = Named("spiffe://td/admin");
  EXPECT_TRUE(authorizer.RequireRole(admin, {Role::kAdmin}));
  admin.names = {*x509::GeneralName::Uri("spiffe://td/admin")};
  for (const Role role : {Role::kAdmin, Role::kRequester}) {
    const auto refused = authorizer.RequireRole(admin, {role});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "policy.blocked");
  }
}

TEST(Roles, NobodyHasNone) {
  EXPECT_EQ(WithRoles().RolesOf(Named("")), Roles());
  EXPECT_FALSE(WithRoles().RequireRole(Named(""), {Role::kRequester}));
  EXPECT_FALSE(WithRoles().RequireRole(Named("spiffe://td/admin"), {})) << "nothing is declared";
}

TEST(Roles, WithoutAPolicyEverybodyIsARequester) {
  const Authorizer authorizer(std::make_shared<const DecisionBasis>());
  EXPECT_EQ(authorizer.RolesOf(Named("spiffe://td/admin")), Roles{Role::kRequester});
}

TEST(Roles, ARefusalSaysWhichRoleAndWhichList) {
  const auto refused =
      WithRoles().RequireRole(Named("spiffe://td/web"), {Role::kAuditor, Role::kOperator});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPolicyDenied);
  EXPECT_EQ(refused.error().rule, "policy.role");
  EXPECT_EQ(refused.error().message,
            "spiffe://td/web is no auditor or operator; the policy in force lists them under "
            "auditors or operators");
  EXPECT_TRUE(WithRoles().RequireRole(Named("spiffe://td/auditor"), {Role::kAuditor}));
}

TEST(Roles, EachButTheRequesterHasAList) {
  for (const Role role : kAllRoles) {
    EXPECT_FALSE(RoleWord(role).empty());
    EXPECT_EQ(RoleList(role).empty(), role == Role::kRequester);
  }
}

}  // namespace
}  // namespace mayfly::policy
