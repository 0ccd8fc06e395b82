#include "tests/unit/issuance/issuance_fixture.h"
#include "x509/digest.h"

namespace mayfly::issuance {
namespace {

using policy::MassRevocation;
using policy::PolicyChange;

constexpr char kFirst[] = "spiffe://mayfly.internal/operator";
constexpr char kSecond[] = "spiffe://mayfly.internal/second";
constexpr char kOperator[] = "spiffe://mayfly.internal/night-shift";
const std::string kTail = std::string(kPolicy).substr(std::string(kPolicy).find("auditors"));
const std::string kTwoPersons =
    "two_persons = [\"policy\", \"mass-revocation\"]\n"
    "admins = [\"spiffe://mayfly.internal/operator\", \"spiffe://mayfly.internal/second\"]\n"
    "operators = [\"spiffe://mayfly.internal/night-shift\"]\n" +
    kTail;
const std::string kNext = "# the next\n" + kTwoPersons;

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "ok" : result.error().rule;
}

class TwoPersons : public IssuanceTest {
 protected:
  TwoPersons() {
    for (int i = 0; i < 3; ++i) serials_.push_back(Issue(Request())->certificate.tbs().serial());
    first_ = Who(kFirst, serials_[0]);
    second_ = Who(kSecond, serials_[1]);
    night_shift_ = Who(kOperator, serials_[2]);
    Activate(kTwoPersons.c_str());
  }
  policy::Principal Who(const std::string& id, const x509::SerialNumber& serial) {
    policy::Principal who{policy::ProofOfIdentity::kCertificate, id, "lineage:" + id, {}};
    who.key_hash = x509::Sha256(AsBytes(id));
    who.serial = serial;
    const LineageStep lineage = Find(serial)->facts.lineage;
    who.place = policy::LineagePlace{lineage.lineage, lineage.generation};
    return who;
  }
  uint64_t Version() { return SyncWait(authority_->ShowPolicy(In()))->policy_version; }
  std::string InForce() { return SyncWait(authority_->ShowPolicy(In()))->policy_text; }
  Result<AppliedPolicy> Apply(const std::string& text) {
    return SyncWait(authority_->ApplyPolicy({first_, text, std::nullopt}, In()));
  }
  Result<ProposalRecord> Propose(const policy::Principal& who, policy::ProposalPayload payload) {
    return SyncWait(authority_->Propose({who, std::move(payload)}, In()));
  }
  ProposalRecord ProposeNext() { return *Propose(first_, PolicyChange{kNext, Version()}); }
  MassRevocation Victims() {
    MassRevocation revocation{{}, RevocationReason::kSuperseded};
    for (int i = 0; i < 2; ++i) {
      revocation.certificates.push_back({"-", Issue(Request())->certificate.tbs().serial()});
    }
    return revocation;
  }
  Result<ApprovedProposal> Approve(const policy::Principal& who, const ProposalRecord& proposal) {
    return ApproveHash(who, proposal, policy::PayloadHash(proposal.payload));
  }
  Result<ApprovedProposal> ApproveHash(const policy::Principal& who, const ProposalRecord& proposal,
                                       const Hash256& hash) {
    return SyncWait(authority_->Approve({who, proposal.id, hash}, In()));
  }
  ProposalState StateOf(const ProposalRecord& proposal) {
    return SyncWait(authority_->ShowProposal(proposal.id, In()))->state;
  }
  void Block(policy::BlockKind kind, ByteSpan value) { ledger_.AddBlock({kind, ToBytes(value)}); }

  std::vector<x509::SerialNumber> serials_;
  policy::Principal first_, second_, night_shift_;
};

TEST_F(TwoPersons, NobodyAppliesAPolicyAlone) {
  const auto refused = Apply(kNext);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "approval.needed");
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(refused.error().message.find("mayfly policy propose"), std::string::npos);
  EXPECT_EQ(RuleOf(Apply(kPolicy)), "approval.needed");  // switching it off is a policy too
  EXPECT_TRUE(Apply(kTwoPersons)->was_in_force);
  EXPECT_EQ(InForce(), kTwoPersons);
}

TEST_F(TwoPersons, AskedForWhereItIsNotNeededItIsTwoPersonsAllTheSame) {
  Activate(kPolicy);
  ASSERT_TRUE(Apply(kTwoPersons));
  EXPECT_EQ(RuleOf(Apply(kNext)), "approval.needed");
}

TEST_F(TwoPersons, APolicyThatAsksForTwoAndCameBetweenIsAsked) {
  Activate(kPolicy);
  // Another replica's, after this one has looked at what is in force.
  before_policy_read = [this] { before_policy_read = [this] { Activate(kTwoPersons.c_str()); }; };
  EXPECT_EQ(RuleOf(Apply(kNext)), "approval.needed");
  EXPECT_EQ(InForce(), kTwoPersons);
}

TEST_F(TwoPersons, AnotherAdminsApprovalBringsItIntoForce) {
  const ProposalRecord proposal = ProposeNext();
  EXPECT_EQ(InForce(), kTwoPersons);
  const auto approved = Approve(second_, proposal);
  ASSERT_TRUE(approved) << Describe(approved.error(), ErrorText::kForLog);
  EXPECT_EQ(approved->proposal.state, ProposalState::kExecuted);
  EXPECT_EQ(approved->proposal.end->policy_version, Version());
  EXPECT_EQ(InForce(), kNext);
  EXPECT_EQ(basis_->Current()->policy_version, Version());
  EXPECT_EQ(EventsOf("proposal.created").size(), 1u);
  EXPECT_EQ(EventsOf("proposal.approved")[0].principal, kSecond);
  EXPECT_TRUE(Approve(second_, proposal));  // its answer was lost
}

TEST_F(TwoPersons, TheyAreTwo) {
  const ProposalRecord proposal = ProposeNext();
  EXPECT_EQ(RuleOf(Approve(first_, proposal)), "approval.same-person");
  policy::Principal same_key = second_, same_lineage = second_;
  same_key.key_hash = first_.key_hash;
  same_lineage.request_scope = first_.request_scope;
  EXPECT_EQ(RuleOf(Approve(same_key, proposal)), "approval.same-person");
  EXPECT_EQ(RuleOf(Approve(same_lineage, proposal)), "approval.same-person");
  EXPECT_EQ(Denials().size(), 3u);
  EXPECT_EQ(RuleOf(Approve(night_shift_, proposal)), "policy.role");
  EXPECT_EQ(StateOf(proposal), ProposalState::kOpen);
}

TEST_F(TwoPersons, ApprovedIsWhatWasShown) {
  const ProposalRecord proposal = ProposeNext();
  const Hash256 other = policy::PayloadHash(PolicyChange{kNext + "\n", Version()});
  EXPECT_EQ(RuleOf(ApproveHash(second_, proposal, other)), "approval.payload");
  EXPECT_EQ(RuleOf(ApproveHash(second_, proposal, Hash256{})), "approval.payload");
  // Only the database's owner could.
  const PolicyChange altered{kNext + "# and more", Version()};
  ledger_.AlterProposal(proposal.id, altered);
  EXPECT_EQ(RuleOf(ApproveHash(second_, proposal, policy::PayloadHash(altered))),
            "proposal.altered");
  EXPECT_EQ(InForce(), kTwoPersons);
}

TEST_F(TwoPersons, BothMustBeAdminsWhenItIsCarriedOut) {
  const std::string without_first =
      "admins = [\"spiffe://mayfly.internal/second\", \"spiffe://mayfly.internal/third\"]\n" +
      kTail;
  const ProposalRecord proposal = *Propose(first_, Victims());
  Activate(without_first.c_str());
  const auto refused = Approve(second_, proposal);
  EXPECT_EQ(RuleOf(refused), "approval.proposer");
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  Activate(kPolicy);
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "policy.role");
  Activate(kTwoPersons.c_str());
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "ok");
}

TEST_F(TwoPersons, WhoIsBlockedIsNobody) {
  const ProposalRecord proposal = ProposeNext();
  Block(policy::BlockKind::kKey, *second_.key_hash);
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "policy.blocked");
  Block(policy::BlockKind::kKey, *first_.key_hash);
  EXPECT_EQ(RuleOf(Approve(Who("spiffe://mayfly.internal/second", serials_[1]), proposal)),
            "policy.blocked");
  const auto lift = [this](const Hash256& key) {
    BlockEntry entry{{policy::BlockKind::kKey, ToBytes(key)}, BlockEffect::kLifts, "", "local:0"};
    ASSERT_TRUE(SyncWait(ledger_.AddBlock(std::move(entry), In())));
  };
  lift(*second_.key_hash);
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "approval.proposer");
  lift(*first_.key_hash);
  EXPECT_TRUE(Approve(second_, proposal));
}

// Their use was noted after it was asked who they are.
TEST_F(TwoPersons, WhoseCertificateIsSupersededApprovesNothing) {
  const ProposalRecord proposal = ProposeNext();
  LineageUse use{second_.place->lineage, 1, {serials_[2], IssuerId{1}}, UseKind::kUsed};
  ASSERT_TRUE(SyncWait(ledger_.NoteUse(std::move(use), In())));
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "renewal.superseded");
  EXPECT_EQ(Denials().size(), 1u);
  EXPECT_EQ(StateOf(proposal), ProposalState::kOpen);
}

TEST_F(TwoPersons, WhoseCertificateIsRevokedIsNobody) {
  const ProposalRecord proposal = ProposeNext();
  const auto revoke = [this](const x509::SerialNumber& serial) {
    ASSERT_TRUE(
        SyncWait(authority_->Revoke({second_, "-", serial, RevocationReason::kSuperseded}, In())));
  };
  revoke(serials_[0]);
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "approval.proposer");
  revoke(serials_[1]);
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "peer.revoked");
  EXPECT_EQ(InForce(), kTwoPersons);
}

TEST_F(TwoPersons, WhoShowsNoCertificateIsNeither) {
  policy::Principal bare = second_;
  bare.serial.reset();
  EXPECT_EQ(RuleOf(Approve(bare, ProposeNext())), "peer.credential");
  EXPECT_EQ(RuleOf(Propose(bare, Victims())), "peer.credential");
}

TEST_F(TwoPersons, OnlyWhatCouldComeIntoForceIsProposed) {
  EXPECT_EQ(RuleOf(Propose(night_shift_, PolicyChange{kNext, Version()})), "policy.role");
  EXPECT_EQ(RuleOf(Propose(first_, PolicyChange{kNext, Version() + 1})), "policy.outdated");
  EXPECT_EQ(RuleOf(Propose(first_, PolicyChange{kTwoPersons, Version()})), "proposal.in-force");
  EXPECT_EQ(RuleOf(Propose(first_, PolicyChange{"rules = 1", Version()})), "policy.file");
  EXPECT_TRUE(EventsOf("proposal.created").empty());
}

TEST_F(TwoPersons, WhatIsNotThereIsNotApproved) {
  ProposalRecord nowhere = ProposeNext();
  nowhere.id = NewId();
  EXPECT_EQ(RuleOf(Approve(second_, nowhere)), "proposal.not-found");
  EXPECT_EQ(RuleOf(SyncWait(authority_->Withdraw(second_, nowhere.id, In()))),
            "proposal.not-found");
}

// As where another server proposed it, or a later version of this one wants more.
TEST_F(TwoPersons, WhatIsNoPolicyAnyMoreIsNotApproved) {
  std::string signed_by_it = kNext;
  signed_by_it.replace(signed_by_it.find("lifetime ="), 0, "issuer = \"issuing-1\"\n");
  const ProposalRecord proposal = *Propose(first_, PolicyChange{signed_by_it, Version()});
  issuer_names_ = {"issuing-2"};
  const auto refused = Approve(second_, proposal);
  EXPECT_EQ(RuleOf(refused), "policy.file");
  EXPECT_EQ(StateOf(proposal), ProposalState::kOpen);
  EXPECT_EQ(InForce(), kTwoPersons);
}

TEST_F(TwoPersons, AnotherPolicyInBetweenMakesItOutdated) {
  const ProposalRecord proposal = ProposeNext();
  ASSERT_TRUE(Approve(second_, *Propose(first_, PolicyChange{"#\n" + kNext, Version()})));
  EXPECT_EQ(StateOf(proposal), ProposalState::kOutdated);
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "policy.outdated");
}

TEST_F(TwoPersons, ExpiresAfterAWeek) {
  const ProposalRecord proposal = ProposeNext();
  clock_.ahead_s += 7 * 24 * 3600;
  EXPECT_EQ(StateOf(proposal), ProposalState::kExpired);
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "proposal.expired");
}

TEST_F(TwoPersons, IsWithdrawnByItsProposerOrAnAdmin) {
  const auto withdraw = [this](const policy::Principal& who, const ProposalRecord& proposal) {
    return SyncWait(authority_->Withdraw(who, proposal.id, In()));
  };
  const ProposalRecord admins = ProposeNext(), operators = *Propose(night_shift_, Victims());
  EXPECT_EQ(RuleOf(withdraw(night_shift_, admins)), "proposal.not-yours");
  EXPECT_EQ(withdraw(night_shift_, operators)->state, ProposalState::kWithdrawn);
  EXPECT_EQ(withdraw(second_, admins)->end->principal, kSecond);
  EXPECT_EQ(RuleOf(Approve(second_, admins)), "proposal.ended");
  EXPECT_EQ(EventsOf("proposal.withdrawn").size(), 2u);
}

// Before it is asked who they are: nothing is denied to them.
TEST_F(TwoPersons, ThatItHasEndedIsSaidToWhoeverApproves) {
  const ProposalRecord proposal = ProposeNext();
  ASSERT_TRUE(SyncWait(authority_->Withdraw(first_, proposal.id, In())));
  EXPECT_EQ(RuleOf(Approve(first_, proposal)), "proposal.ended");
  EXPECT_EQ(RuleOf(Approve(night_shift_, proposal)), "proposal.ended");
  EXPECT_TRUE(Denials().empty());
}

TEST_F(TwoPersons, NobodyRevokesManyAlone) {
  const auto revoke = [this](MassRevocation revocation) {
    return SyncWait(authority_->RevokeAll({night_shift_, std::move(revocation)}, In()));
  };
  MassRevocation victims = Victims();
  EXPECT_EQ(RuleOf(revoke(victims)), "approval.needed");
  EXPECT_FALSE(Find(victims.certificates[0].serial)->revocation);
  const ProposalRecord proposal = *Propose(night_shift_, victims);
  EXPECT_EQ(std::get<MassRevocation>(proposal.payload).certificates[0].issuer, "issuing-1");
  const auto approved = Approve(first_, proposal);
  ASSERT_TRUE(approved) << Describe(approved.error(), ErrorText::kForLog);
  EXPECT_TRUE(approved->good_answers_until);
  for (const auto& each : victims.certificates) EXPECT_TRUE(Find(each.serial)->revocation);
}

TEST_F(TwoPersons, ASingleRevocationWaitsForNobody) {
  MassRevocation single = Victims();
  single.certificates.pop_back();
  single.certificates.push_back({"issuing-1", single.certificates[0].serial});  // the same again
  const auto revoked = SyncWait(authority_->RevokeAll({night_shift_, single}, In()));
  ASSERT_TRUE(revoked) << Describe(revoked.error(), ErrorText::kForLog);
  EXPECT_EQ(revoked->certificates.size(), 1u);
}

TEST_F(TwoPersons, WithoutThePolicysWordOneRevokesMany) {
  Activate(kPolicy);
  MassRevocation victims = Victims();
  victims.reason = RevocationReason::kKeyCompromise;
  const auto revoked = SyncWait(authority_->RevokeAll({first_, victims}, In()));
  ASSERT_TRUE(revoked) << Describe(revoked.error(), ErrorText::kForLog);
  EXPECT_EQ(revoked->receipt.revocations.size(), 2u);
  EXPECT_EQ(RuleOf(Issue(Request())), "policy.blocked");
}

TEST_F(TwoPersons, EachStepIsAcknowledgedWhenACheckpointCoversIt) {
  const ProposalRecord proposal = ProposeNext(), other = *Propose(night_shift_, Victims());
  MassRevocation single = Victims();
  single.certificates.pop_back();
  gate_.Close();
  EXPECT_EQ(RuleOf(Propose(first_, PolicyChange{"# other\n" + kNext, Version()})),
            "audit.not-covered");
  EXPECT_EQ(RuleOf(SyncWait(authority_->Withdraw(first_, other.id, In()))), "audit.not-covered");
  EXPECT_EQ(RuleOf(SyncWait(authority_->RevokeAll({first_, single}, In()))), "audit.not-covered");
  EXPECT_EQ(RuleOf(Approve(second_, proposal)), "audit.not-covered");
  EXPECT_EQ(InForce(), kNext);  // carried out all the same
  gate_.Open();
  EXPECT_TRUE(Approve(second_, proposal));
}

TEST_F(TwoPersons, EveryCertificateMustBeThere) {
  MassRevocation victims = Victims();
  victims.certificates.push_back(
      {"-", x509::SerialNumber::Make(x509::LifetimeClass::kUpTo7Days, clock_.Now(), random_)});
  const auto refused = Propose(first_, victims);
  EXPECT_EQ(RuleOf(refused), "certificate.not-found");
  ASSERT_EQ(refused.error().violations.size(), 1u);
  EXPECT_EQ(refused.error().violations[0].field, "names[2]");
}

TEST_F(TwoPersons, APolicyWithoutASecondAdminCannotAskForTwo) {
  const auto parse = [this](const std::string& text) { return basis_->Parse(text, "p"); };
  EXPECT_TRUE(parse(kTwoPersons));
  for (const char* admins : {"[\"dns:a.internal\"]", "[\"dns:a.internal\", \"dns:a.internal\"]",
                             "[\"dns:a.internal\", \"local:0\", \"jwt:cluster:b\"]",
                             "[\"dns:a.internal\", \"foreign:corp:dns:b.example\"]"}) {
    const auto refused =
        parse("admins = " + std::string(admins) + "\ntwo_persons = [\"policy\"]\n");
    ASSERT_FALSE(refused) << admins;
    ASSERT_EQ(refused.error().violations.size(), 1u);
    EXPECT_EQ(refused.error().violations[0].rule, "policy.two-persons");
    EXPECT_EQ(refused.error().violations[0].field, "p:2");
  }
  // What is in force stays readable.
  EXPECT_TRUE(basis_->ParseInForce("admins = [\"dns:a.internal\"]\ntwo_persons = [\"policy\"]\n"));
  const auto misspelt = parse(
      "admins = [\"dns:a.internal\", \"dns:b.internal\"]\ntwo_persons = [\"mass-revokation\"]\n");
  ASSERT_FALSE(misspelt);
  EXPECT_EQ(misspelt.error().violations[0].rule, "config.word");
  EXPECT_NE(misspelt.error().violations[0].message.find("mass-revocation"), std::string::npos);
}

}  // namespace
}  // namespace mayfly::issuance
