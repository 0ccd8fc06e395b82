// What the ledger does not answer is neither taken for granted nor told as done: each call that an
// act makes to it fails once, and the act says so.
#include "tests/unit/issuance/issuance_fixture.h"
#include "x509/certification_request.h"
#include "x509/digest.h"

namespace mayfly::issuance {
namespace {

constexpr char kFirst[] = "spiffe://mayfly.internal/operator";
constexpr char kSecond[] = "spiffe://mayfly.internal/second";
constexpr size_t kCallsMax = 16;

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "ok" : result.error().rule;
}

class FailingCalls : public IssuanceTest {
 protected:
  FailingCalls() {
    first_ = Who(kFirst);
    second_ = Who(kSecond);
    policy_.replace(policy_.find("\"]"), 1, "\", \"" + std::string(kSecond) + "\"");
    policy_.replace(policy_.find("names = ["), 0,
                    "on_copied_key = \"lock\"\nkey_reuse = \"refuse\"\n");
    ActivateHere(policy_.c_str());
  }
  // The act that `prepare` gives, each time about something new. Gives how many calls it makes.
  template <class Prepare>
  size_t FailEachOfNew(const Prepare& prepare, const std::string& at_last = "ok") {
    for (size_t call = 0; call < kCallsMax; ++call) {
      const auto act = prepare();
      ledger_.FailCallAfter(call);
      const std::string rule = RuleOf(act());
      if (!ledger_.EndFailing()) {
        EXPECT_EQ(rule, at_last);
        return call;
      }
      EXPECT_EQ(rule, "ledger.deadline") << "call " << call;
    }
    ADD_FAILURE() << "there is no end to its calls";
    return kCallsMax;
  }
  template <class Act>
  size_t FailEach(const Act& act, const std::string& at_last = "ok") {
    return FailEachOfNew([&] { return act; }, at_last);
  }

  void ActivateHere(const char* text) {
    Activate(text);
    EXPECT_TRUE(SyncWait(basis_->Refresh(In())));
  }
  policy::Block KeyBlock() {
    const auto csr = x509::CertificationRequest::FromDer(*FromBase64(kCsr));
    return {policy::BlockKind::kKey, ToBytes(csr->public_key().hash())};
  }
  void LiftKeyBlock() {
    BlockEntry entry{KeyBlock(), BlockEffect::kLifts, "", "local:0"};
    EXPECT_TRUE(SyncWait(ledger_.AddBlock(std::move(entry), In())));
    EXPECT_TRUE(SyncWait(basis_->Refresh(In())));
  }
  x509::Certificate Enrol() { return Issue(Request())->certificate; }
  policy::Principal Who(const std::string& id) {
    policy::Principal who{policy::ProofOfIdentity::kCertificate, id, "lineage:" + id, {}};
    who.key_hash = x509::Sha256(AsBytes(id));
    who.serial = Enrol().tbs().serial();
    const LineageStep lineage = Find(*who.serial)->facts.lineage;
    who.place = policy::LineagePlace{lineage.lineage, lineage.generation};
    return who;
  }
  auto Renew(const x509::Certificate& current, std::string_view csr = kOtherCsr) {
    RenewRequest request{current, *FromBase64(csr), std::nullopt, std::nullopt};
    return SyncWait(authority_->Renew(std::move(request), In()));
  }
  auto Identify(const x509::Certificate& peer) {
    return SyncWait(authority_->Identify(peer, In()));
  }
  // By a server that has heard of nobody yet.
  auto IdentifyAnew(const x509::Certificate& peer) {
    authority_ = MakeAuthority({issuer_});
    return Identify(peer);
  }
  auto Show(const policy::Principal& who, const x509::SerialNumber& serial) {
    return SyncWait(authority_->Show(who, "-", serial, In()));
  }
  auto List() {
    return SyncWait(
        authority_->List({first_, "-", {}, CertificateOrder::kNewest, std::nullopt, 10}, In()));
  }
  auto Revoke(const x509::SerialNumber& serial, RevocationReason reason) {
    return SyncWait(authority_->Revoke({first_, "-", serial, reason}, In()));
  }
  Result<CreatedToken> CreateToken() {
    return SyncWait(
        authority_->CreateToken({first_, "server", Request().names, std::nullopt, 1}, In()));
  }
  auto Explain(const std::string& as) {
    IssueRequest request = Request();
    request.principal.place = first_.place;
    return SyncWait(
        authority_->Explain({std::move(request), policy::PrincipalDescription{.id = as}}, In()));
  }
  std::string OtherPolicy() { return "# " + std::to_string(++policies_) + "\n" + policy_; }
  policy::PolicyChange Change() {
    return {OtherPolicy(), SyncWait(authority_->ShowPolicy(In()))->policy_version};
  }
  policy::MassRevocation Victims() {
    return {{{"-", Enrol().tbs().serial()}, {"-", Enrol().tbs().serial()}},
            RevocationReason::kSuperseded};
  }
  Result<ProposalRecord> Propose(policy::ProposalPayload payload) {
    return SyncWait(authority_->Propose({first_, std::move(payload)}, In()));
  }
  auto Approve(const ProposalRecord& proposal) {
    const Hash256 hash = policy::PayloadHash(proposal.payload);
    return SyncWait(authority_->Approve({second_, proposal.id, hash}, In()));
  }

  policy::Principal first_, second_;
  std::string policy_ = kPolicy;
  int policies_ = 0;
};

TEST_F(FailingCalls, OfIssuance) {
  EXPECT_EQ(FailEach([&] { return Issue(Request()); }), 2u);
  IssueRequest request = Request();
  request.request_id = NewId();
  ASSERT_TRUE(Issue(request));
  EXPECT_EQ(FailEach([&] { return Issue(request); }), 2u);
}

TEST_F(FailingCalls, OfADenial) {
  const auto replaced_elsewhere = [&] {
    ActivateHere(policy_.c_str());
    Activate(kPolicyWithoutWeb);
    return [&] { return Issue(Request()); };
  };
  EXPECT_EQ(FailEachOfNew(replaced_elsewhere, "policy.principal"), 3u);
}

// A block that came while it was signed: of something else, then of the key itself.
TEST_F(FailingCalls, OfADecisionThatIsMadeAgain) {
  signer_->before_sign = [&] {
    ledger_.AddBlock({policy::BlockKind::kKey, ToBytes(NewId().octets())});
  };
  EXPECT_EQ(FailEach([&] { return Issue(Request()); }), 4u);
  signer_->before_sign = [&] { ledger_.AddBlock(KeyBlock()); };
  const auto lifted = [&] {
    LiftKeyBlock();
    return [&] { return Issue(Request()); };
  };
  EXPECT_EQ(FailEachOfNew(lifted, "policy.blocked"), 5u);
}

TEST_F(FailingCalls, OfAnIntentThatServesNoMore) {
  const auto intent = [&] {
    LiftKeyBlock();
    IssueRequest request = Request();
    request.request_id = NewId();
    signer_->refuses = true;
    EXPECT_FALSE(Issue(request));
    ledger_.AddBlock(KeyBlock());
    return [this, request] { return Issue(request); };
  };
  EXPECT_EQ(FailEachOfNew(intent, "policy.blocked"), 5u);
}

TEST_F(FailingCalls, OfWhoAsks) {
  const auto first = Enrol();
  const auto second = Renew(first)->certificate;
  EXPECT_EQ(FailEach([&] { return IdentifyAnew(first); }), 1u);
  EXPECT_EQ(FailEach([&] { return IdentifyAnew(second); }), 2u) << "and that it is used";
  const Hash256 token = x509::Sha256(AsBytes(CreateToken()->secret));
  EXPECT_EQ(FailEach([&] { return SyncWait(authority_->IdentifyToken(token, In())); }), 1u);
  const auto admin = [&] {
    return SyncWait(authority_->RequireRole(first_, {policy::Role::kAdmin}, In()));
  };
  EXPECT_EQ(FailEach(admin), 2u) << "and whether its certificate stands";
}

TEST_F(FailingCalls, OfRenewal) {
  const auto current = Enrol();
  EXPECT_EQ(FailEach([&] { return Renew(current); }), 3u);
  const auto next = Renew(current)->certificate;
  const auto holder = *Identify(current);
  const auto acknowledge = [&] {
    return SyncWait(authority_->Acknowledge({holder, "-", next.tbs().serial()}, In()));
  };
  EXPECT_EQ(FailEach(acknowledge), 2u);
}

TEST_F(FailingCalls, OfTheLockOfALineage) {
  const auto first = Enrol();
  const auto second = Renew(first)->certificate, sibling = Renew(first)->certificate;
  ASSERT_TRUE(Identify(second));
  EXPECT_EQ(FailEach([&] { return Renew(first); }, "renewal.superseded"), 4u);
  const auto another = Enrol();
  const auto used = Renew(another)->certificate, copied = Renew(another)->certificate;
  ASSERT_TRUE(Identify(used));
  EXPECT_EQ(FailEach([&] { return Identify(copied); }, "renewal.superseded"), 3u);
  EXPECT_EQ(RuleOf(Renew(used, kCsr)), "policy.blocked");
}

TEST_F(FailingCalls, OfWhatIsShownAndRevoked) {
  const auto serial = Enrol().tbs().serial();
  EXPECT_EQ(FailEach([&] { return Show(first_, serial); }), 1u);
  EXPECT_EQ(FailEach([&] { return Show(second_, serial); }), 2u) << "it is another's";
  EXPECT_EQ(FailEach([&] { return List(); }), 2u);
  EXPECT_EQ(FailEach([&] { return Revoke(serial, RevocationReason::kSuperseded); }), 3u);
  const auto revoke = [this, victims = Victims()] {
    return SyncWait(authority_->RevokeAll({first_, victims}, In()));
  };
  EXPECT_EQ(FailEach(revoke), 4u);
}

TEST_F(FailingCalls, OfEnrolmentTokens) {
  EXPECT_EQ(FailEach([&] { return CreateToken(); }), 1u);
  EXPECT_EQ(FailEach([&] { return SyncWait(authority_->ListTokens(first_, In())); }), 1u);
  const Uuid token = CreateToken()->record.enrolment.token;
  EXPECT_EQ(FailEach([&] { return SyncWait(authority_->RevokeToken(first_, token, In())); }), 2u);
}

TEST_F(FailingCalls, OfExplanations) {
  EXPECT_EQ(FailEach([&] { return Explain(kFirst); }), 3u) << "the last one: whose key it is";
  EXPECT_EQ(FailEach([&] { return Explain("dns:web.internal"); }), 3u);
}

TEST_F(FailingCalls, OfAPolicy) {
  const auto apply = [this] {
    return [this, text = OtherPolicy()] {
      return SyncWait(authority_->ApplyPolicy({first_, text, std::nullopt}, In()));
    };
  };
  EXPECT_EQ(FailEachOfNew(apply), 3u);
}

TEST_F(FailingCalls, OfTwoPersons) {
  EXPECT_EQ(FailEach([this, change = Change()] { return Propose(change); }), 4u);
  EXPECT_EQ(FailEach([this, victims = Victims()] { return Propose(victims); }), 3u);
  const auto approve = [this](const ProposalRecord& proposal) {
    return [this, proposal] { return Approve(proposal); };
  };
  EXPECT_EQ(FailEachOfNew([&] { return approve(*Propose(Change())); }), 5u);
  EXPECT_EQ(FailEachOfNew([&] { return approve(*Propose(Victims())); }), 7u);
  const auto withdraw = [this] {
    return [this, id = Propose(Victims())->id] {
      return SyncWait(authority_->Withdraw(first_, id, In()));
    };
  };
  EXPECT_EQ(FailEachOfNew(withdraw), 3u);
  const Uuid proposal = Propose(Victims())->id;
  EXPECT_EQ(FailEach([&] { return SyncWait(authority_->ShowProposal(proposal, In())); }), 1u);
}

// Only the database's owner could.
TEST_F(FailingCalls, ARecordThatIsNoneIsNobodysCertificate) {
  const auto certificate = Enrol();
  const CertificateKey key{certificate.tbs().serial(), IssuerId{1}};
  ledger_.AlterRecord(key, {0x30, 0x00});
  EXPECT_EQ(RuleOf(Identify(certificate)), "tbs.version");
  EXPECT_EQ(RuleOf(Show(first_, key.serial)), "tbs.version");
  EXPECT_EQ(RuleOf(List()), "tbs.version");
  EXPECT_EQ(RuleOf(Revoke(key.serial, RevocationReason::kKeyCompromise)), "tbs.version");
  EXPECT_FALSE(Find(key.serial)->revocation);
  EXPECT_EQ(RuleOf(Revoke(key.serial, RevocationReason::kSuperseded)), "tbs.version");
  EXPECT_TRUE(Find(key.serial)->revocation);
}

TEST_F(FailingCalls, WhatWasSignedAndAlteredIsNotReleased) {
  IssueRequest request = Request();
  request.request_id = NewId();
  const auto issued = Issue(request);
  ASSERT_TRUE(issued);
  ledger_.AlterRecord(issued->facts.key, {0x30, 0x00});
  EXPECT_EQ(RuleOf(Issue(request)), "tbs.version");
}

// An intent is signed as it was recorded for this request, or not at all.
TEST_F(FailingCalls, AnIntentThatWasAlteredIsAbandoned) {
  const auto intent = [&](std::string_view csr) {
    IssueRequest request = Request();
    CsrIn(request) = *FromBase64(csr);
    request.request_id = NewId();
    signer_->refuses = true;
    EXPECT_FALSE(Issue(request));
    signer_->refuses = false;
    return request;
  };
  const auto newest = [&] {
    IndexQuery query{{.issuers = {IssuerId{1}}}, CertificateOrder::kNewest, {}, clock_.Now(), 1};
    return SyncWait(ledger_.Page(std::move(query), In()))->records.at(0);
  };
  intent(kOtherCsr);
  const Bytes of_another_key = newest().tbs;
  for (const Bytes& altered : {of_another_key, Bytes{0x30, 0x00}}) {
    const IssueRequest request = intent(kCsr);
    const CertificateKey key = newest().facts.key;
    ledger_.AlterRecord(key, altered);
    const auto issued = Issue(request);
    ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
    EXPECT_NE(issued->facts.key.serial, key.serial);
    EXPECT_EQ(ToBytes(issued->certificate.tbs().fields().public_key.hash()), KeyBlock().value);
    EXPECT_TRUE(std::holds_alternative<AbandonedOutcome>(*Find(key.serial)->outcome));
  }
}

}  // namespace
}  // namespace mayfly::issuance
