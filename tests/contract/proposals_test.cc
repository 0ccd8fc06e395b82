// Acts of two persons, and revocations of many: the contract, for the fake and for PostgreSQL.
#include "store/proposals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <thread>

#include "base/system.h"
#include "store/event_index.h"
#include "store/ledger.h"
#include "store/projector.h"
#include "tests/contract/postgres_fixture.h"
#include "tests/fakes/linted_tbs.h"
#include "tests/fakes/memory_ledger.h"
#include "x509/digest.h"

namespace mayfly::contract {
namespace {

using fakes::TestKey;
using policy::MassRevocation;
using policy::PolicyChange;
using Act = decltype(ProposalApproval::act);

struct MemoryProposals {
  Ledger& ledger() { return memory; }
  Lineages& lineages() { return memory; }
  EventIndex& events() { return memory; }
  Proposals& proposals() { return memory; }
  Proposals& other_replica() { return memory; }
  SystemClock clock;
  fakes::MemoryLedger memory{clock};
};

struct PostgresProposals {
  Ledger& ledger() { return pg; }
  Lineages& lineages() { return pg; }
  EventIndex& events() { return pg_events; }
  Proposals& proposals() { return pg_proposals; }
  Proposals& other_replica() { return replica; }
  const std::string connection =
      PostgresCluster::Shared().Connection(PostgresCluster::Shared().NewMigratedDatabase());
  SystemClock clock;
  ThreadPool executor{4};
  Timer timer{clock};
  store::IndexOptions options{.connection = connection,
                              .password_file = std::nullopt,
                              .executor = executor,
                              .timer = timer,
                              .clock = clock};
  store::PgLedger pg{{.connection = connection,
                      .password_file = std::nullopt,
                      .executor = executor,
                      .timer = timer,
                      .clock = clock}};
  store::PgEventIndex pg_events{options};
  store::PgProposals pg_proposals{options};
  store::PgProposals replica{options};
};

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "ok" : result.error().rule;
}

template <class Fixture>
class ProposalsContract : public testing::Test {
 protected:
  ProposalsContract() {
    EXPECT_EQ(*SyncWait(fixture.ledger().ActivatePolicy({"first", "local:0"}, Soon())), 1u);
  }
  BootTime Soon() { return clock.BootNow() + Seconds(20); }
  Uuid NewId() { return Uuid::MakeV7(clock.Now(), random); }
  uint64_t Decision() { return SyncWait(fixture.ledger().LoadBasis(Soon()))->decision; }

  CertificateKey Record(Seconds lifetime = Seconds(3600), LineageStep lineage = AnyLineage(),
                        TestKey public_key = TestKey::kFixed) {
    RecordEntry entry{.tbs = fakes::MakeLintedTbs(clock.Now(), random, lifetime, public_key),
                      .issuer = IssuerId{1},
                      .lineage = lineage,
                      .profile = "client",
                      .principal = "local:0",
                      .policy_version = 1,
                      .decision = Decision(),
                      .renewal = {clock.Now(), clock.Now()},
                      .request = std::nullopt};
    const CertificateKey key{entry.tbs.tbs().serial(), entry.issuer};
    auto recorded = SyncWait(fixture.ledger().Record(std::move(entry), Soon()));
    EXPECT_TRUE(recorded) << Describe(recorded.error(), ErrorText::kForLog);
    return key;
  }
  static LineageStep AnyLineage() {
    SystemClock clock;
    SystemRandom random;
    return {Uuid::MakeV7(clock.Now(), random), 0, std::nullopt};
  }
  policy::Principal Person(const std::string& id, const CertificateKey& shown,
                           const LineageStep& lineage = AnyLineage()) {
    policy::Principal person{policy::ProofOfIdentity::kCertificate,
                             id,
                             "lineage:" + id,
                             {*x509::GeneralName::Uri("https://mayfly.internal/a,b'c")}};
    person.key_hash = x509::Sha256(AsBytes(id));
    person.serial = shown.serial;
    person.place = policy::LineagePlace{lineage.lineage, lineage.generation};
    return person;
  }
  policy::Principal Person(const std::string& id) { return Person(id, Record()); }

  NewProposal Proposed(policy::ProposalPayload payload, policy::Principal proposer,
                       Seconds lifetime = Seconds(60)) {
    const Hash256 hash = policy::PayloadHash(payload);
    return {NewId(), std::move(payload), hash, std::move(proposer), lifetime};
  }
  ProposalRecord Propose(NewProposal proposal) {
    auto record = SyncWait(fixture.proposals().Propose(std::move(proposal), Soon()));
    EXPECT_TRUE(record) << Describe(record.error(), ErrorText::kForLog);
    return *std::move(record);
  }
  ProposalRecord ProposePolicy(const std::string& text = "second") {
    return Propose(Proposed(PolicyChange{text, 1}, Person("dns:first")));
  }
  // Its holder has it, and has used it.
  CertificateKey Renew(const LineageStep& lineage, TestKey key) {
    const CertificateKey next = Record(Seconds(3600), lineage, key);
    const LineageUse use{lineage.lineage, lineage.generation, next, UseKind::kUsed};
    EXPECT_TRUE(SyncWait(fixture.lineages().NoteUse(use, Soon())));
    return next;
  }
  static policy::Principal Holding(policy::Principal person, TestKey key) {
    person.key_hash = fakes::PublicKeyOf(key).hash();
    return person;
  }
  ProposalApproval Approval(const ProposalRecord& proposal, policy::Principal approver, Act act) {
    return {proposal.id, std::move(approver), Decision(), std::move(act)};
  }
  Result<ApprovalReceipt> Execute(ProposalApproval approval) {
    return SyncWait(fixture.proposals().Execute(std::move(approval), Soon()));
  }
  Result<ApprovalReceipt> Approve(const ProposalRecord& proposal, policy::Principal approver) {
    return Execute(
        Approval(proposal, std::move(approver), std::get<PolicyChange>(proposal.payload)));
  }
  ProposalPage List(ProposalQuery query) {
    auto page = SyncWait(fixture.proposals().ListProposals(query, Soon()));
    EXPECT_TRUE(page) << Describe(page.error(), ErrorText::kForLog);
    return *std::move(page);
  }
  ProposalRecord Again(const ProposalRecord& proposal) {
    return **SyncWait(fixture.proposals().FindProposal(proposal.id, Soon()));
  }
  std::string InForce() { return SyncWait(fixture.ledger().LoadBasis(Soon()))->policy_text; }
  std::vector<Event> EventsOf(const std::string& kind) {
    EventQuery query{{}, std::nullopt, 100};
    query.filter.kind = kind;
    const auto page = SyncWait(fixture.events().Page(std::move(query), Soon()));
    std::vector<Event> events;
    for (const ListedEvent& listed : page->events) events.push_back(listed.event);
    return events;
  }

  Fixture fixture;
  SystemClock clock;
  SystemRandom random;
};
using Fixtures = testing::Types<MemoryProposals, PostgresProposals>;
TYPED_TEST_SUITE(ProposalsContract, Fixtures);

TYPED_TEST(ProposalsContract, FindsWhatWasProposed) {
  const NewProposal wanted =
      this->Proposed(PolicyChange{"it's \"new\"\n", 1}, this->Person("dns:first"));
  const ProposalRecord made = this->Propose(wanted);
  const ProposalRecord found = this->Again(made);
  for (const ProposalRecord& record : {made, found}) {
    EXPECT_EQ(record.id, wanted.id);
    EXPECT_EQ(record.payload, wanted.payload);
    EXPECT_EQ(record.payload_sha256, wanted.payload_sha256);
    EXPECT_EQ(record.proposer.id, "dns:first");
    EXPECT_EQ(record.proposer.request_scope, "lineage:dns:first");
    EXPECT_EQ(record.proposer.names, wanted.proposer.names);
    EXPECT_EQ(record.proposer.key_hash, wanted.proposer.key_hash);
    EXPECT_EQ(record.proposer.serial, wanted.proposer.serial);
    EXPECT_EQ(record.state, ProposalState::kOpen);
    EXPECT_FALSE(record.end);
    EXPECT_GE(record.expires_at - record.created_at, Seconds(59));
    EXPECT_LE(record.expires_at - record.created_at, Seconds(61));
  }
  ASSERT_EQ(this->EventsOf("proposal.created").size(), 1u);
  const Event event = this->EventsOf("proposal.created")[0];
  EXPECT_EQ(event.principal, "dns:first");
  EXPECT_NE(event.detail.find(ToHex(wanted.payload_sha256)), std::string::npos) << event.detail;
  EXPECT_FALSE(*SyncWait(this->fixture.proposals().FindProposal(this->NewId(), this->Soon())));
}

TYPED_TEST(ProposalsContract, NamesItsCertificatesInOrder) {
  MassRevocation revocation{{}, RevocationReason::kSuperseded};
  for (const char* issuer : {"a-b", "a", "ab"}) {
    for (int i = 0; i < 3; ++i) revocation.certificates.push_back({issuer, this->Record().serial});
  }
  std::ranges::sort(revocation.certificates);
  const ProposalRecord made = this->Propose(this->Proposed(revocation, this->Person("dns:first")));
  EXPECT_EQ(policy::PayloadHash(this->Again(made).payload), made.payload_sha256);
  EXPECT_EQ(this->Again(made).certificate_count, 9u);
}

TYPED_TEST(ProposalsContract, TheSameAgainWhileItIsOpenIsTheFirst) {
  const auto first = this->Person("dns:first");
  const auto made = this->Propose(this->Proposed(PolicyChange{"second", 1}, first));
  EXPECT_EQ(this->Propose(this->Proposed(PolicyChange{"second", 1}, first)).id, made.id);
  const auto other = this->Proposed(PolicyChange{"second", 1}, this->Person("dns:other"));
  EXPECT_NE(this->Propose(other).id, made.id);
  EXPECT_NE(this->Propose(this->Proposed(PolicyChange{"third", 1}, first)).id, made.id);
  ASSERT_TRUE(SyncWait(this->fixture.proposals().Withdraw(made.id, "dns:first", this->Soon())));
  EXPECT_NE(this->Propose(this->Proposed(PolicyChange{"second", 1}, first)).id, made.id);
}

TYPED_TEST(ProposalsContract, AnApprovedPolicyIsInForce) {
  const auto proposal = this->ProposePolicy();
  const auto receipt = this->Approve(proposal, this->Person("dns:second"));
  ASSERT_TRUE(receipt) << Describe(receipt.error(), ErrorText::kForLog);
  EXPECT_EQ(receipt->policy_version, 2u);
  EXPECT_EQ(this->InForce(), "second");
  const ProposalRecord ended = this->Again(proposal);
  EXPECT_EQ(ended.state, ProposalState::kExecuted);
  ASSERT_TRUE(ended.end);
  EXPECT_EQ(ended.end->principal, "dns:second");
  EXPECT_EQ(ended.end->policy_version, 2u);
  ASSERT_EQ(this->EventsOf("proposal.approved").size(), 1u);
  const Event event = this->EventsOf("proposal.approved")[0];
  EXPECT_EQ(event.principal, "dns:second");
  for (const std::string& part : {std::string("dns:first"), ToHex(proposal.payload_sha256)}) {
    EXPECT_NE(event.detail.find(part), std::string::npos) << event.detail;
  }
}

TYPED_TEST(ProposalsContract, AgainByTheSameApproverIsTheSameReceipt) {
  const auto proposal = this->ProposePolicy();
  const auto second = this->Person("dns:second");
  ASSERT_TRUE(this->Approve(proposal, second));
  const auto again = this->Approve(proposal, second);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->policy_version, 2u);
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:third"))), "proposal.ended");
  EXPECT_EQ(this->EventsOf("proposal.approved").size(), 1u);
  EXPECT_EQ(this->EventsOf("policy.activated").size(), 2u);
}

TYPED_TEST(ProposalsContract, IsJudgedUnderTheControlNumberInForce) {
  const auto proposal = this->ProposePolicy();
  auto approval = this->Approval(proposal, this->Person("dns:second"),
                                 std::get<PolicyChange>(proposal.payload));
  --approval.decision;
  EXPECT_EQ(RuleOf(this->Execute(std::move(approval))), "ledger.decision-stale");
  EXPECT_EQ(this->InForce(), "first");
  EXPECT_EQ(this->Again(proposal).state, ProposalState::kOpen);
}

TYPED_TEST(ProposalsContract, AnotherVersionInForceMakesItOutdated) {
  const auto proposal = this->ProposePolicy();
  ASSERT_TRUE(
      SyncWait(this->fixture.ledger().ActivatePolicy({"between", "local:0"}, this->Soon())));
  EXPECT_EQ(this->Again(proposal).state, ProposalState::kOutdated);
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:second"))), "policy.outdated");
  EXPECT_EQ(this->InForce(), "between");
}

TYPED_TEST(ProposalsContract, ExpiresAndIsWithdrawnAndThenIsNotCarriedOut) {
  const auto late =
      this->Propose(this->Proposed(PolicyChange{"late", 1}, this->Person("dns:first"), Seconds(1)));
  const auto withdrawn = this->ProposePolicy();
  Proposals& proposals = this->fixture.proposals();
  EXPECT_TRUE(SyncWait(proposals.Withdraw(withdrawn.id, "dns:admin", this->Soon())));
  EXPECT_TRUE(SyncWait(proposals.Withdraw(withdrawn.id, "dns:admin", this->Soon())));
  EXPECT_EQ(RuleOf(SyncWait(proposals.Withdraw(this->NewId(), "x", this->Soon()))),
            "proposal.not-found");
  std::this_thread::sleep_for(Milliseconds(1100));
  EXPECT_EQ(RuleOf(this->Approve(late, this->Person("dns:second"))), "proposal.expired");
  EXPECT_EQ(RuleOf(this->Approve(withdrawn, this->Person("dns:second"))), "proposal.ended");
  EXPECT_EQ(RuleOf(SyncWait(proposals.Withdraw(late.id, "x", this->Soon()))), "proposal.expired");
  EXPECT_EQ(this->InForce(), "first");
  EXPECT_EQ(this->Again(withdrawn).end->principal, "dns:admin");
  EXPECT_EQ(this->EventsOf("proposal.withdrawn").size(), 1u);
  const auto executed = this->ProposePolicy("third");
  ASSERT_TRUE(this->Approve(executed, this->Person("dns:second")));
  EXPECT_EQ(RuleOf(SyncWait(proposals.Withdraw(executed.id, "x", this->Soon()))), "proposal.ended");
}

TYPED_TEST(ProposalsContract, ListsTheNewestFirst) {
  const auto first = this->ProposePolicy("a"), second = this->ProposePolicy("b");
  ASSERT_TRUE(SyncWait(this->fixture.proposals().Withdraw(first.id, "dns:first", this->Soon())));
  const auto list = [this](ProposalsListed listed) {
    return this->List({listed, {}, 100}).proposals;
  };
  ASSERT_EQ(list(ProposalsListed::kOpen).size(), 1u);
  EXPECT_EQ(list(ProposalsListed::kOpen)[0].id, second.id);
  EXPECT_EQ(list(ProposalsListed::kOpen)[0].payload, policy::ProposalPayload(PolicyChange{"", 1}));
  ASSERT_EQ(list(ProposalsListed::kAll).size(), 2u);
  EXPECT_EQ(list(ProposalsListed::kAll)[1].state, ProposalState::kWithdrawn);
}

TYPED_TEST(ProposalsContract, PagesNeitherRepeatNorLeaveOut) {
  std::vector<Uuid> made;
  for (int i = 0; i < 7; ++i) made.push_back(this->ProposePolicy(std::to_string(i)).id);
  std::ranges::reverse(made);
  for (const size_t size : {size_t{1}, size_t{3}, size_t{6}, size_t{7}, size_t{8}}) {
    ProposalQuery query{ProposalsListed::kAll, std::nullopt, size};
    std::vector<Uuid> seen;
    do {
      const ProposalPage page = this->List(query);
      for (const ProposalRecord& each : page.proposals) seen.push_back(each.id);
      EXPECT_LE(page.proposals.size(), size);
      query.after = page.next;
    } while (query.after && seen.size() <= made.size());
    EXPECT_EQ(seen, made) << size;
  }
  // What ends between two pages of the open ones is not missed: it is open no more.
  ProposalQuery open{ProposalsListed::kOpen, std::nullopt, 2};
  open.after = this->List(open).next;
  ASSERT_TRUE(SyncWait(this->fixture.proposals().Withdraw(made[2], "dns:first", this->Soon())));
  EXPECT_EQ(this->List(open).proposals[0].id, made[3]);
}

TYPED_TEST(ProposalsContract, NobodyWhoseCertificateIsRevokedIsOneOfTheTwo) {
  const auto revoke = [this](const CertificateKey& key) {
    RevokeEntry entry{key, RevocationReason::kKeyCompromise, "local:0"};
    ASSERT_TRUE(SyncWait(this->fixture.ledger().Revoke(std::move(entry), this->Soon())));
  };
  const CertificateKey proposers = this->Record(), approvers = this->Record();
  const auto proposal = this->Propose(
      this->Proposed(PolicyChange{"second", 1}, this->Person("dns:first", proposers)));
  revoke(approvers);
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:second", approvers))), "peer.revoked");
  revoke(proposers);
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:second"))), "approval.proposer");
  EXPECT_EQ(this->InForce(), "first");
  EXPECT_EQ(this->Again(proposal).state, ProposalState::kOpen);
}

// The lineages of the two, and the ids, differ; so do the keys that they show.
TYPED_TEST(ProposalsContract, AKeyOfAnyGenerationMakesThemOne) {
  const LineageStep lineage = this->AnyLineage();
  const auto first = this->Record(Seconds(3600), lineage);
  const auto proposal =
      this->Propose(this->Proposed(PolicyChange{"second", 1}, this->Person("dns:first", first)));
  const auto second = this->Renew({lineage.lineage, 1, first.serial}, TestKey::kOther);
  const auto approver = this->Person("dns:second");
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Holding(approver, TestKey::kOther))),
            "approval.same-person")
      << "a later one of who proposed it";
  this->Renew({lineage.lineage, 2, second.serial}, TestKey::kFixed);
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Holding(approver, TestKey::kOther))),
            "approval.same-person")
      << "one in between";

  const LineageStep others = this->AnyLineage();
  const auto before = this->Record(Seconds(3600), others, TestKey::kOther);
  const auto after = this->Renew({others.lineage, 1, before.serial}, TestKey::kFixed);
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:second", after))),
            "approval.same-person")
      << "an earlier one of who approves";
  EXPECT_EQ(this->InForce(), "first");
  EXPECT_EQ(RuleOf(this->Approve(proposal, approver)), "ok");
}

TYPED_TEST(ProposalsContract, ASupersededCertificateApprovesNothing) {
  const LineageStep lineage = this->AnyLineage();
  const auto old = this->Record(Seconds(3600), lineage);
  const auto proposal = this->ProposePolicy();
  const LineageStep later{lineage.lineage, 1, old.serial};
  const auto next = this->Record(Seconds(3600), later);
  ASSERT_TRUE(SyncWait(this->fixture.lineages().NoteUse(
      {lineage.lineage, 1, next, UseKind::kAcknowledged}, this->Soon())));
  const auto refused = this->Approve(proposal, this->Person("dns:second", old, lineage));
  EXPECT_EQ(RuleOf(refused), "renewal.superseded");
  EXPECT_NE(refused.error().message.find(next.serial.Hex()), std::string::npos);
  EXPECT_EQ(this->Again(proposal).state, ProposalState::kOpen);
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:second", next, later))), "ok");
}

TYPED_TEST(ProposalsContract, WhoseCertificateHasExpiredIsSomebodyWhereTheyHaveRenewedIt) {
  const LineageStep lineage = this->AnyLineage();
  const CertificateKey shown = this->Record(Seconds(2), lineage);
  const auto proposal =
      this->Propose(this->Proposed(PolicyChange{"second", 1}, this->Person("dns:first", shown)));
  std::this_thread::sleep_for(Milliseconds(3100));
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:second"))), "approval.proposer");
  const CertificateKey next = this->Record(Seconds(3600), {lineage.lineage, 1, shown.serial});
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:second"))), "approval.proposer");
  ASSERT_TRUE(SyncWait(
      this->fixture.lineages().NoteUse({lineage.lineage, 1, next, UseKind::kUsed}, this->Soon())));
  EXPECT_EQ(RuleOf(this->Approve(proposal, this->Person("dns:second"))), "ok");
}

TYPED_TEST(ProposalsContract, TwoApprovalsCarryItOutOnce) {
  for (const std::string& text : {std::string("x"), std::string("y"), std::string("z")}) {
    const StoredBasis before = *SyncWait(this->fixture.ledger().LoadBasis(this->Soon()));
    const auto proposal = this->Propose(
        this->Proposed(PolicyChange{text, before.policy_version}, this->Person("dns:first")));
    std::vector<std::shared_ptr<ProposalApproval>> approvals;
    for (int i = 0; i < 8; ++i) {
      approvals.push_back(std::make_shared<ProposalApproval>(
          this->Approval(proposal, this->Person("dns:n" + std::to_string(i)),
                         std::get<PolicyChange>(proposal.payload))));
    }
    std::vector<std::future<std::string>> answers;
    for (size_t i = 0; i < approvals.size(); ++i) {
      Proposals& replica = i % 2 ? this->fixture.proposals() : this->fixture.other_replica();
      answers.push_back(
          std::async(std::launch::async, [&replica, approval = approvals[i], soon = this->Soon()] {
            return RuleOf(SyncWait(replica.Execute(std::move(*approval), soon)));
          }));
    }
    std::map<std::string, int> count;
    for (auto& answer : answers) ++count[answer.get()];
    EXPECT_EQ(count["ok"], 1);
    EXPECT_EQ(count["proposal.ended"], 7);
    EXPECT_EQ(SyncWait(this->fixture.ledger().LoadBasis(this->Soon()))->policy_version,
              before.policy_version + 1);
  }
}

TYPED_TEST(ProposalsContract, AnApprovedMassRevocationRevokesAll) {
  const std::vector<RevocationTarget> targets = {{this->Record(), Hash256{7}}, {this->Record()}};
  MassRevocation payload{{}, RevocationReason::kKeyCompromise};
  for (const auto& target : targets) payload.certificates.push_back({"a", target.key.serial});
  std::ranges::sort(payload.certificates);
  const auto proposal = this->Propose(this->Proposed(payload, this->Person("dns:first")));
  const auto second = this->Person("dns:second");
  for (int round = 0; round < 2; ++round) {
    auto approval = this->Approval(proposal, second, targets);
    approval.reason = payload.reason;
    const auto receipt = this->Execute(std::move(approval));
    ASSERT_TRUE(receipt) << Describe(receipt.error(), ErrorText::kForLog);
    ASSERT_TRUE(receipt->revocation);
    ASSERT_EQ(receipt->revocation->revocations.size(), 2u);
    for (const RevokeReceipt& each : receipt->revocation->revocations) {
      EXPECT_EQ(each.was_revoked_before, round == 1);
      EXPECT_LE(each.revocation.revoked_at, receipt->revocation->good_answers_until);
    }
    // The block is the first approval's alone: lifted, it stays so.
    const auto blocks = SyncWait(this->fixture.ledger().LoadBasis(this->Soon()))->blocks;
    ASSERT_EQ(blocks.size(), round == 0 ? 1u : 0u);
    BlockEntry lift{
        {policy::BlockKind::kKey, ToBytes(Hash256{7})}, BlockEffect::kLifts, "", "local:0"};
    ASSERT_TRUE(SyncWait(this->fixture.ledger().AddBlock(std::move(lift), this->Soon())));
  }
  for (const auto& target : targets) {
    const auto record = **SyncWait(
        this->fixture.ledger().FindCertificate(target.key, Reading::kSeen, this->Soon()));
    ASSERT_TRUE(record.revocation);
    EXPECT_EQ(record.revocation->reason, RevocationReason::kKeyCompromise);
    EXPECT_TRUE(std::holds_alternative<AbandonedOutcome>(*record.outcome));
  }
}

TYPED_TEST(ProposalsContract, RevokesAllOrNone) {
  const CertificateKey one = this->Record(), two = this->Record(), before = this->Record();
  const auto entry = [this](std::vector<CertificateKey> keys) {
    MassRevocationEntry made{{}, RevocationReason::kSuperseded, "dns:op", this->Decision()};
    for (CertificateKey& key : keys) made.targets.push_back({std::move(key)});
    return made;
  };
  const auto revoke = [this](MassRevocationEntry all) {
    return SyncWait(this->fixture.proposals().RevokeAll(std::move(all), this->Soon()));
  };
  const CertificateKey nobodys{
      x509::SerialNumber::Make(x509::LifetimeClass::kUpTo7Days, this->clock.Now(), this->random),
      IssuerId{1}};
  EXPECT_EQ(RuleOf(revoke(entry({one, nobodys, two}))), "ledger.no-such-certificate");
  MassRevocationEntry stale = entry({one});
  --stale.decision;
  EXPECT_EQ(RuleOf(revoke(std::move(stale))), "ledger.decision-stale");
  const auto standing = [this](const CertificateKey& key) {
    return (*SyncWait(this->fixture.ledger().FindCertificate(key, Reading::kSeen, this->Soon())))
        ->revocation;
  };
  EXPECT_FALSE(standing(one));
  ASSERT_TRUE(revoke(entry({before})));
  const auto receipt = revoke(entry({two, before, one}));
  ASSERT_TRUE(receipt) << Describe(receipt.error(), ErrorText::kForLog);
  ASSERT_EQ(receipt->revocations.size(), 3u);
  EXPECT_EQ(receipt->revocations[0].revocation.key, two);
  EXPECT_TRUE(receipt->revocations[1].was_revoked_before);
  EXPECT_FALSE(receipt->revocations[2].was_revoked_before);
  EXPECT_TRUE(standing(one) && standing(two));
}

// PostgreSQL's alone: the projection has read what it needs.
using PostgresProposalsContract = ProposalsContract<PostgresProposals>;
TEST_F(PostgresProposalsContract, AKeyOfAGenerationThatNobodyHasUsedMakesThemOne) {
  const LineageStep lineage = AnyLineage();
  const auto first = Record(Seconds(3600), lineage);
  const auto next = Record(Seconds(3600), {lineage.lineage, 1, first.serial}, TestKey::kOther);
  const auto proposal = Propose(Proposed(PolicyChange{"second", 1}, Person("dns:first", first)));
  ASSERT_TRUE(SyncWait(fixture.ledger().Settle({next, SignedOutcome{{1}}, 1, Decision()}, Soon())));
  store::Session({.connection = fixture.connection, .role = "postgres"})
      .Exec("UPDATE control SET tick = tick + 1");
  ASSERT_TRUE(store::Projector(fixture.connection, std::nullopt).Advance());
  EXPECT_EQ(RuleOf(Approve(proposal, Holding(Person("dns:second"), TestKey::kOther))),
            "approval.same-person");
  EXPECT_EQ(RuleOf(Approve(proposal, Person("dns:second"))), "ok");
}

}  // namespace
}  // namespace mayfly::contract
