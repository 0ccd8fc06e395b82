#include "rpc/access.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "mayfly/ca/v1/certificate_authority.pb.h"

namespace mayfly::rpc {
namespace {

using policy::Role;
using policy::Roles;

constexpr uint32_t kCertificate = 1u << v1::CREDENTIAL_CERTIFICATE;

// Gives one principal its roles; knows nothing else.
class OnlyRoles final : public UseCases {
 public:
  explicit OnlyRoles(Roles roles) : roles_(roles) {}

  Task<Status> RequireRole(policy::Principal, Roles needed, BootTime) override {
    if (roles_.HasAnyOf(needed)) co_return Ok();
    co_return Fail(ErrorCode::kPolicyDenied, "policy.role", "none of these");
  }
  Task<Result<policy::Principal>> Identify(x509::Certificate, BootTime) override {
    co_return Unused();
  }
  Task<Result<policy::Principal>> IdentifyToken(Hash256, BootTime) override { co_return Unused(); }
  Task<Result<issuance::IssuedCertificate>> RenewExpired(issuance::RenewExpiredRequest,
                                                         BootTime) override {
    co_return Unused();
  }
  Task<Result<InclusionProof>> Prove(std::string, x509::SerialNumber, BootTime) override {
    co_return Unused();
  }
  Task<Result<issuance::CreatedToken>> CreateToken(issuance::CreateTokenRequest,
                                                   BootTime) override {
    co_return Unused();
  }
  Task<Result<std::vector<EnrolmentTokenRecord>>> ListTokens(policy::Principal, BootTime) override {
    co_return Unused();
  }
  Task<Status> RevokeToken(policy::Principal, Uuid, BootTime) override { co_return Unused(); }
  Task<Result<issuance::IssuedCertificate>> Issue(issuance::IssueRequest, BootTime) override {
    co_return Unused();
  }
  void NoteUnreadable(const policy::Principal&, const std::string&, const Error&) override {}
  Task<Result<issuance::IssuedCertificate>> Renew(issuance::RenewRequest, BootTime) override {
    co_return Unused();
  }
  Task<Status> Acknowledge(issuance::AcknowledgeRequest, BootTime) override { co_return Unused(); }
  Task<Result<issuance::ShownCertificate>> Show(policy::Principal, std::string, x509::SerialNumber,
                                                BootTime) override {
    co_return Unused();
  }
  Task<Result<issuance::CertificateList>> List(issuance::ListRequest, BootTime) override {
    co_return Unused();
  }
  Task<Result<issuance::RevokedCertificate>> Revoke(issuance::RevokeRequest, BootTime) override {
    co_return Unused();
  }
  issuance::TrustBundle Bundle() const override { return {}; }
  Task<Result<issuance::IssuanceExplanation>> Explain(issuance::ExplainRequest, BootTime) override {
    co_return Unused();
  }
  Task<Result<Bytes>> ReadAuditLog(std::string, BootTime) override { co_return Unused(); }
  Task<Result<EventPage>> ListEvents(EventQuery, BootTime) override { co_return Unused(); }
  Task<Result<AlertList>> ListAlerts(size_t, BootTime) override { co_return Unused(); }
  Task<Result<StoredBasis>> ShowPolicy(BootTime) override { co_return Unused(); }
  Task<Result<issuance::AppliedPolicy>> ApplyPolicy(issuance::ApplyPolicyRequest,
                                                    BootTime) override {
    co_return Unused();
  }
  Task<Result<issuance::RevokedCertificates>> RevokeAll(issuance::RevokeAllRequest,
                                                        BootTime) override {
    co_return Unused();
  }
  Task<Result<ProposalRecord>> Propose(issuance::ProposeRequest, BootTime) override {
    co_return Unused();
  }
  Task<Result<ProposalRecord>> ShowProposal(Uuid, BootTime) override { co_return Unused(); }
  Task<Result<ProposalPage>> ListProposals(ProposalQuery, BootTime) override { co_return Unused(); }
  Task<Result<issuance::ApprovedProposal>> Approve(issuance::ApproveRequest, BootTime) override {
    co_return Unused();
  }
  Task<Result<ProposalRecord>> Withdraw(policy::Principal, Uuid, BootTime) override {
    co_return Unused();
  }

 private:
  static Error Unused() { return Fail(ErrorCode::kInternal, "", "not asked for"); }
  Roles roles_;
};

policy::Principal Web(policy::ProofOfIdentity proof = policy::ProofOfIdentity::kCertificate) {
  return {proof, "dns:web.internal", "lineage:1", {}};
}

Result<Caller> Try(Roles roles, const v1::MethodAccess& access, policy::Principal who = Web()) {
  OnlyRoles use_cases(roles);
  return SyncWait(Admit(use_cases, access, std::move(who), BootTime()));
}

v1::MethodAccess Declared(uint32_t roles, uint32_t credentials = kCertificate) {
  return {"service", "Method", roles, credentials};
}

TEST(Admit, EachRoleOfTheDeclarationAndNoOther) {
  const std::pair<v1::Role, Role> kPairs[] = {{v1::ROLE_REQUESTER, Role::kRequester},
                                              {v1::ROLE_ENROLLER, Role::kEnroller},
                                              {v1::ROLE_AUDITOR, Role::kAuditor},
                                              {v1::ROLE_OPERATOR, Role::kOperator},
                                              {v1::ROLE_ADMIN, Role::kAdmin}};
  ASSERT_EQ(std::size(kPairs) + 1, static_cast<size_t>(v1::Role_ARRAYSIZE)) << "a new role";
  for (const auto& [declared, name] : kPairs) {
    for (const Role role : policy::kAllRoles) {
      const auto caller = Try({role}, Declared(1u << declared));
      EXPECT_EQ(caller.has_value(), role == name) << v1::Role_Name(declared);
      if (!caller) {
        EXPECT_EQ(caller.error().rule, "policy.role");
      }
    }
  }
  EXPECT_EQ(Try({Role::kAdmin}, Declared(1u << v1::ROLE_ADMIN))->principal().id, Web().id);
}

TEST(Admit, NobodyWhereNothingIsDeclared) {
  const Roles all = {Role::kRequester, Role::kEnroller, Role::kAuditor, Role::kOperator,
                     Role::kAdmin};
  EXPECT_FALSE(Try(all, Declared(0)));
  EXPECT_FALSE(Try(all, Declared(1u << v1::ROLE_UNSPECIFIED)));
  EXPECT_FALSE(Try(all, Declared(1u << 31)));
  EXPECT_EQ(Try(all, Declared(1u << v1::ROLE_ADMIN, 0)).error().rule, "peer.credential");
}

constexpr std::pair<policy::ProofOfIdentity, v1::Credential> kCredentials[] = {
    {policy::ProofOfIdentity::kNobody, v1::CREDENTIAL_NONE},
    {policy::ProofOfIdentity::kCertificate, v1::CREDENTIAL_CERTIFICATE},
    {policy::ProofOfIdentity::kEnrolmentToken, v1::CREDENTIAL_ENROLMENT_TOKEN},
    {policy::ProofOfIdentity::kJwt, v1::CREDENTIAL_JWT},
    {policy::ProofOfIdentity::kForeignCertificate, v1::CREDENTIAL_FOREIGN_CERTIFICATE}};

TEST(Admit, OnlyTheCredentialsOfTheDeclaration) {
  ASSERT_EQ(std::size(kCredentials) + 1, static_cast<size_t>(v1::Credential_ARRAYSIZE)) << "new";
  for (const auto& [proof, credential] : kCredentials) {
    for (int number = v1::Credential_MIN; number <= v1::Credential_MAX; ++number) {
      const auto access = Declared(1u << v1::ROLE_REQUESTER, 1u << number);
      const auto caller = Try({Role::kRequester}, access, Web(proof));
      EXPECT_EQ(caller.has_value(), number == credential) << number;
      if (!caller) {
        EXPECT_EQ(caller.error().code, ErrorCode::kUnauthenticated);
        EXPECT_EQ(caller.error().rule, "peer.credential");
      }
    }
  }
}

TEST(Admit, NobodyNeedsNoRoleWhereNobodyIsLetIn) {
  const auto access = Declared(1u << v1::ROLE_ADMIN, 1u << v1::CREDENTIAL_NONE | kCertificate);
  EXPECT_TRUE(Try({}, access, Web(policy::ProofOfIdentity::kNobody)));
  EXPECT_EQ(Try({}, access).error().rule, "policy.role");
}

TEST(RequireServed, ByTheListenersCallers) {
  for (const auto& [proof, credential] : kCredentials) {
    const auto access = Declared(1u << v1::ROLE_REQUESTER, 1u << credential);
    const bool by_certificate = credential == v1::CREDENTIAL_CERTIFICATE ||
                                credential == v1::CREDENTIAL_FOREIGN_CERTIFICATE;
    EXPECT_EQ(RequireServed(access, Callers::kWithCertificate).has_value(), by_certificate);
    EXPECT_EQ(RequireServed(access, Callers::kWithoutCertificate).has_value(), !by_certificate);
  }
  EXPECT_TRUE(RequireServed(Declared(2, ~0u), Callers::kWithCertificate));
  EXPECT_TRUE(RequireServed(Declared(2, ~0u), Callers::kWithoutCertificate));
  EXPECT_EQ(RequireServed(Declared(2, 0), Callers::kWithCertificate).error().rule, "peer.listener");
}

TEST(Admit, NobodyWhoDoesNotComeOverTheNetwork) {
  const auto anything = Declared(1u << v1::ROLE_REQUESTER, ~0u);
  for (const auto proof : {policy::ProofOfIdentity::kLocal, policy::ProofOfIdentity::kSystem}) {
    EXPECT_EQ(Try({Role::kRequester}, anything, Web(proof)).error().rule, "peer.credential");
  }
}

TEST(Caller, CannotBeMadeOtherwise) {
  EXPECT_FALSE((std::is_constructible_v<Caller, policy::Principal>));
  EXPECT_FALSE(std::is_default_constructible_v<Caller>);
}

// A role that contains another one is named beside it, so that the table in docs/ACCESS.md says
// what the server does.
TEST(Declarations, NameTheRolesThatContainThoseNamed) {
  policy::DecisionBasis basis;
  const auto who = [](const char* id) { return *policy::PrincipalPattern::Parse(id); };
  basis.policy.admins = {who("dns:admin")};
  basis.policy.operators = {who("dns:operator")};
  basis.policy.auditors = {who("dns:auditor")};
  basis.policy.enrollers = {who("dns:enroller")};
  const policy::Authorizer authorizer(std::make_shared<const policy::DecisionBasis>(basis));
  for (const v1::MethodAccess& access : v1::kAccessTable) {
    const Roles needed = NeededRoles(access);
    for (const Role role : policy::kAllRoles) {
      policy::Principal holder = Web();
      holder.id = "dns:" + std::string(policy::RoleWord(role));
      EXPECT_EQ(authorizer.RolesOf(holder).HasAnyOf(needed),
                needed.Has(role) || needed.Has(Role::kRequester))
          << access.method << " by " << holder.id;
    }
  }
}

TEST(Declarations, AreFoundByTheRequest) {
  EXPECT_STREQ(v1::AccessOf<v1::ApplyPolicyRequest>::kAccess.method, "ApplyPolicy");
  EXPECT_EQ(NeededRoles(v1::AccessOf<v1::ApplyPolicyRequest>::kAccess), Roles{Role::kAdmin});
  EXPECT_EQ(NeededRoles(v1::AccessOf<v1::RevokeCertificateRequest>::kAccess),
            (Roles{Role::kOperator, Role::kAdmin}));
}

}  // namespace
}  // namespace mayfly::rpc
