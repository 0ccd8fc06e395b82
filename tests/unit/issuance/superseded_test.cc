// Who acts with a certificate that was superseded, or is blocked; and what instances of one name
// see of each other.
#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

using policy::Role;

constexpr char kAdminsAndRequesters[] = R"(
admins = ["spiffe://mayfly.internal/operator", "dns:web.internal"]
[profile.server]
lifetime = "1d"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
on_copied_key = "lock"
[[rule]]
name = "web"
principals = ["spiffe://mayfly.internal/operator", "dns:web.internal"]
profiles = ["server"]
dns = ["web.internal"]
)";

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "ok" : result.error().rule;
}

// web.internal is an admin, and issues for its own name.
class Superseded : public IssuanceTest {
 protected:
  Superseded() { ActivateHere(kAdminsAndRequesters); }
  void ActivateHere(const char* policy) {
    Activate(policy);
    EXPECT_TRUE(SyncWait(basis_->Refresh(In())));
  }
  x509::Certificate Enrol() { return Issue(Request())->certificate; }
  x509::Certificate Renew(const x509::Certificate& current) {
    RenewRequest request{current, *FromBase64(kOtherCsr), std::nullopt, std::nullopt};
    return SyncWait(authority_->Renew(std::move(request), In()))->certificate;
  }
  policy::Principal Holder(const x509::Certificate& certificate) {
    return *SyncWait(authority_->Identify(certificate, In()));
  }
  Status Require(const policy::Principal& who, policy::Roles needed) {
    return SyncWait(authority_->RequireRole(who, needed, In()));
  }
  IssueRequest RequestOf(const policy::Principal& who) {
    IssueRequest request = Request();
    request.principal = who;
    request.request_id = NewId();
    return request;
  }
  Result<ShownCertificate> Show(const policy::Principal& who, const x509::Certificate& what) {
    return SyncWait(authority_->Show(who, "-", what.tbs().serial(), In()));
  }
  Result<CertificateList> List(const policy::Principal& who) {
    return SyncWait(
        authority_->List({who, "-", {}, CertificateOrder::kNewest, std::nullopt, 100}, In()));
  }
  // A long-lived channel has it still: that is no copied key.
  void ExpectNoAlarm() {
    EXPECT_TRUE(EventsOf("lineage.copied-key").empty());
    EXPECT_TRUE(SyncWait(ledger_.LoadBasis(In()))->blocks.empty());
  }
};

TEST_F(Superseded, HasTheRoleOfARequesterAlone) {
  const auto first = Enrol();
  const auto old = Holder(first);
  const auto second = Renew(first);
  EXPECT_TRUE(Require(old, {Role::kAdmin})) << "nobody has used the next one";
  const auto current = Holder(second);
  const auto refused = Require(old, {Role::kAdmin});
  ASSERT_EQ(RuleOf(refused), "renewal.superseded");
  EXPECT_EQ(refused.error().code, ErrorCode::kPolicyDenied);
  EXPECT_NE(refused.error().message.find(second.tbs().serial().Hex()), std::string::npos);
  EXPECT_NE(refused.error().message.find("reconnect"), std::string::npos);
  EXPECT_EQ(Denials().size(), 1u);
  EXPECT_EQ(Denials()[0].principal, "dns:web.internal");
  EXPECT_TRUE(Require(old, {Role::kRequester, Role::kAdmin}));
  EXPECT_TRUE(Require(current, {Role::kAdmin}));
  ExpectNoAlarm();
}

TEST_F(Superseded, AsksForNothing) {
  const auto first = Enrol();
  const auto old = Holder(first);
  EXPECT_TRUE(Issue(RequestOf(old)));
  const auto second = Renew(first);
  EXPECT_TRUE(Issue(RequestOf(old))) << "nobody has used the next one";
  const auto current = Holder(second);
  const size_t records = ledger_.record_count();
  const auto refused = Issue(RequestOf(old));
  ASSERT_EQ(RuleOf(refused), "renewal.superseded");
  EXPECT_NE(refused.error().message.find(second.tbs().serial().Hex()), std::string::npos);
  EXPECT_EQ(ledger_.record_count(), records);
  EXPECT_EQ(Denials().size(), 1u);
  EXPECT_TRUE(Issue(RequestOf(current)));
  ExpectNoAlarm();
}

// As a renewal is: what was recorded while the certificate stood is released again.
TEST_F(Superseded, ARepeatGivesWhatWasIssuedBefore) {
  const auto first = Enrol();
  const auto request = RequestOf(Holder(first)), intent = RequestOf(Holder(first));
  const auto issued = Issue(request);
  signer_->refuses = true;
  ASSERT_FALSE(Issue(intent));
  signer_->refuses = false;
  RenewRequest renewal{first, *FromBase64(kOtherCsr), std::nullopt, NewId()};
  const auto renewed = SyncWait(authority_->Renew(renewal, In()));
  ASSERT_TRUE(issued && renewed);
  Holder(renewed->certificate);
  const auto again = Issue(request);
  const auto renewed_again = SyncWait(authority_->Renew(renewal, In()));
  ASSERT_TRUE(again && renewed_again);
  EXPECT_TRUE(Equal(again->certificate.der(), issued->certificate.der()));
  EXPECT_TRUE(Equal(renewed_again->certificate.der(), renewed->certificate.der()));
  EXPECT_TRUE(Issue(intent));
  EXPECT_TRUE(Denials().empty());
}

TEST_F(Superseded, SeesWhatIsItsOwnAndNotEverything) {
  const auto first = Enrol(), others = Enrol();
  const auto old = Holder(first);
  const auto second = Renew(first);
  EXPECT_EQ(List(old)->certificates.size(), 3u);
  Holder(second);
  EXPECT_EQ(RuleOf(List(old)), "renewal.superseded");
  EXPECT_EQ(RuleOf(Show(old, others)), "renewal.superseded");
  EXPECT_EQ(Denials().size(), 2u);
  EXPECT_TRUE(Show(old, first));
  EXPECT_TRUE(Show(old, second));
  ActivateHere(kPolicy);  // where it has no role
  EXPECT_EQ(RuleOf(Show(old, others)), "certificate.not-found");
  EXPECT_EQ(List(old)->certificates.size(), 2u);
  ExpectNoAlarm();
}

TEST_F(Superseded, IsExplained) {
  const auto first = Enrol();
  const auto explain = [&](const policy::Principal& who) {
    return *SyncWait(authority_->Explain({RequestOf(who), std::nullopt}, In()));
  };
  const auto old = Holder(first);
  EXPECT_TRUE(explain(old).tbs);
  const auto current = Holder(Renew(first));
  const auto told = explain(old);
  ASSERT_EQ(told.findings.size(), 1u);
  EXPECT_EQ(told.findings[0].rule, "renewal.superseded");
  EXPECT_FALSE(told.tbs);
  EXPECT_FALSE(told.lifetime->granted);
  EXPECT_TRUE(explain(current).tbs);
}

TEST_F(Superseded, InstancesOfOneNameDoNotSeeEachOthersRenewals) {
  std::string policy = kAdminsAndRequesters;
  const std::string role = ", \"dns:web.internal\"";
  ActivateHere(policy.erase(policy.find(role), role.size()).c_str());
  const auto one = Enrol(), other = Enrol();
  const auto renewed = Renew(other);
  const auto holder = Holder(one);
  // As a node's agent asks for others.
  const auto asked_for = Issue(RequestOf(holder))->certificate;
  const auto of_asked_for = Renew(asked_for);
  EXPECT_TRUE(Show(holder, one));
  EXPECT_TRUE(Show(holder, asked_for));
  EXPECT_TRUE(Show(Holder(other), asked_for)) << "the name asked for it";
  for (const auto& unseen : {other, renewed, of_asked_for}) {
    EXPECT_EQ(RuleOf(Show(holder, unseen)), "certificate.not-found");
  }
  EXPECT_EQ(List(holder)->certificates.size(), 2u);
  EXPECT_EQ(List(Holder(other))->certificates.size(), 3u) << "its two and what the name asked for";
}

TEST_F(Superseded, WhoIsBlockedHasNoRoleAtAll) {
  const auto holder = Holder(Enrol());
  const policy::Block blocks[] = {
      {policy::BlockKind::kLineage, ToBytes(holder.place->lineage.octets())},
      {policy::BlockKind::kKey, ToBytes(*holder.key_hash)},
      {policy::BlockKind::kIdentity, ToBytes(AsBytes("DNS:web.internal"))}};
  size_t denials = 0;
  for (const policy::Block& block : blocks) {
    EXPECT_TRUE(Require(holder, {Role::kAdmin}));
    BlockEntry entry{block, BlockEffect::kBlocks, "", "local:0"};
    ASSERT_TRUE(SyncWait(ledger_.AddBlock(entry, In())));
    // Another replica's block: of it every requester's methods hear with the next refresh.
    EXPECT_TRUE(Require(holder, {Role::kRequester}));
    EXPECT_EQ(RuleOf(Require(holder, {Role::kAdmin})), "policy.blocked");
    EXPECT_EQ(RuleOf(Require(holder, {Role::kRequester})), "policy.blocked");
    EXPECT_EQ(Denials().size(), denials += 2);
    entry.effect = BlockEffect::kLifts;
    ASSERT_TRUE(SyncWait(ledger_.AddBlock(entry, In())));
  }
  EXPECT_TRUE(Require(holder, {Role::kAdmin}));
}

}  // namespace
}  // namespace mayfly::issuance
