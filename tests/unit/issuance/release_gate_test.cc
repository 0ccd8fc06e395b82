// No checkpoint of the audit log, no release.
#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "" : result.error().rule;
}

class ReleaseGateTest : public IssuanceTest {
 protected:
  policy::Principal Operator() { return Request().principal; }
};

TEST_F(ReleaseGateTest, NothingIsRecordedThatCouldNotLeave) {
  gate_.Close();
  EXPECT_EQ(RuleOf(Issue(Request())), "audit.no-checkpoint");
  EXPECT_EQ(ledger_.record_count(), 0u);
  gate_.Open();
  EXPECT_EQ(RuleOf(Issue(Request())), "");
}

TEST_F(ReleaseGateTest, WhatWasSettledWhenItClosedComesWithTheSameRequestId) {
  IssueRequest request = Request();
  request.request_id = NewId();
  signer_->before_sign = [&] { gate_.Close(); };
  EXPECT_EQ(RuleOf(Issue(request)), "audit.no-checkpoint");
  EXPECT_EQ(ledger_.record_count(), 1u);
  EXPECT_EQ(RuleOf(Issue(request)), "audit.no-checkpoint");
  signer_->before_sign = nullptr;
  gate_.Open();
  EXPECT_EQ(RuleOf(Issue(request)), "");
  EXPECT_EQ(ledger_.record_count(), 1u);
  EXPECT_EQ(signer_->calls, 1);
}

TEST_F(ReleaseGateTest, CertificatesAreNotShownWhileItIsClosed) {
  const auto issued = Issue(Request());
  ASSERT_TRUE(issued);
  const auto serial = issued->facts.key.serial;
  const auto show = [&] {
    return RuleOf(SyncWait(authority_->Show(Operator(), "-", serial, In())));
  };
  const auto list = [&] {
    ListRequest request{Operator(), "-", {}, CertificateOrder::kSoonestExpiry, std::nullopt, 10};
    return RuleOf(SyncWait(authority_->List(std::move(request), In())));
  };
  EXPECT_EQ(show() + list(), "");
  gate_.Close();
  EXPECT_EQ(show(), "audit.no-checkpoint");
  EXPECT_EQ(list(), "audit.no-checkpoint");
}

TEST_F(ReleaseGateTest, RevocationsAndPoliciesAreAcknowledgedWhenCovered) {
  const auto issued = Issue(Request());
  ASSERT_TRUE(issued);
  const auto revoke = [&] {
    RevokeRequest request{Operator(), "-", issued->facts.key.serial, {}};
    return RuleOf(SyncWait(authority_->Revoke(std::move(request), In())));
  };
  const auto apply = [&] {
    ApplyPolicyRequest request{Operator(), kPolicyWithoutWeb, std::nullopt};
    return RuleOf(SyncWait(authority_->ApplyPolicy(std::move(request), In())));
  };
  gate_.Close();
  EXPECT_EQ(revoke(), "audit.not-covered");
  EXPECT_TRUE(Find(issued->facts.key.serial)->revocation);
  EXPECT_EQ(apply(), "audit.not-covered");
  gate_.Open();
  EXPECT_EQ(revoke() + apply(), "");
  EXPECT_EQ(gate_.waits(), 4);
}

TEST_F(ReleaseGateTest, ProvesWhatWasIssued) {
  const auto issued = Issue(Request());
  ASSERT_TRUE(issued);
  const auto proof = SyncWait(authority_->Prove(issued->issuer, issued->facts.key.serial, In()));
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->proof, "proof of issuing-1/" + issued->facts.key.serial.Hex());
}

TEST_F(ReleaseGateTest, FilesOfTheLogAreRead) {
  EXPECT_EQ(ToString(*SyncWait(authority_->ReadAuditLog("checkpoint", In()))),
            "content of checkpoint");
}

}  // namespace
}  // namespace mayfly::issuance
