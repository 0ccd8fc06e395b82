#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

policy::Principal Operator() {
  return {
      policy::ProofOfIdentity::kCertificate, "spiffe://mayfly.internal/operator", "lineage:1", {}};
}
policy::Principal Auditor() {
  return {
      policy::ProofOfIdentity::kCertificate, "spiffe://mayfly.internal/auditor", "lineage:2", {}};
}
policy::Principal Stranger() {
  return {policy::ProofOfIdentity::kCertificate, "spiffe://mayfly.internal/web", "lineage:9", {}};
}

TEST_F(IssuanceTest, OthersSeeNothing) {
  const auto serial = Issue(Request())->certificate.tbs().serial();
  EXPECT_TRUE(SyncWait(authority_->Show(Operator(), "issuing-1", serial, In())));
  auto shown = SyncWait(authority_->Show(Stranger(), "issuing-1", serial, In()));
  EXPECT_EQ(shown.error().rule, "certificate.not-found");
  EXPECT_TRUE(SyncWait(authority_->Show(Auditor(), "issuing-1", serial, In())));
}

TEST_F(IssuanceTest, HoldersSeeTheirOwnLineage) {
  auto issued = Issue(Request());
  policy::Principal holder = Stranger();
  holder.place = policy::LineagePlace{issued->facts.lineage.lineage, 0};
  EXPECT_TRUE(SyncWait(authority_->Show(holder, "-", issued->certificate.tbs().serial(), In())));
}

TEST_F(IssuanceTest, OperatorsAndAuditorsListEverythingOthersWhatTheyHold) {
  auto issued = Issue(Request());
  ASSERT_TRUE(Issue(Request()));
  auto list = [this](policy::Principal who, std::string issuer = "-") {
    return SyncWait(authority_->List(
        {std::move(who), std::move(issuer), {}, CertificateOrder::kNewest, std::nullopt, 100},
        In()));
  };
  EXPECT_EQ(list(Operator())->certificates.size(), 2u);
  EXPECT_EQ(list(Operator(), "issuing-1")->certificates[0].issuer, "issuing-1");
  EXPECT_EQ(list(Auditor())->certificates.size(), 2u);
  EXPECT_EQ(list(Stranger())->certificates.size(), 0u);
  policy::Principal holder = Stranger();
  holder.place = policy::LineagePlace{issued->facts.lineage.lineage, 0};
  const auto held = list(holder);
  ASSERT_EQ(held->certificates.size(), 1u);
  EXPECT_TRUE(Equal(held->certificates[0].certificate->der(), issued->certificate.der()));
  EXPECT_EQ(list(Operator(), "issuing-2").error().rule, "issuer.not-found");
}

TEST_F(IssuanceTest, RevokingAgainGivesTheFirstRevocation) {
  const auto serial = Issue(Request())->certificate.tbs().serial();
  auto first = SyncWait(
      authority_->Revoke({Operator(), "-", serial, RevocationReason::kKeyCompromise}, In()));
  auto second =
      SyncWait(authority_->Revoke({Operator(), "-", serial, RevocationReason::kSuperseded}, In()));
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->receipt.was_revoked_before);
  EXPECT_TRUE(second->receipt.was_revoked_before);
  EXPECT_EQ(second->receipt.revocation.reason, RevocationReason::kKeyCompromise);
}

TEST_F(IssuanceTest, WhatTheLedgerDoesNotHaveIsNotFound) {
  const auto unknown =
      x509::SerialNumber::Make(x509::LifetimeClass::kUpTo7Days, clock_.Now(), random_);
  auto shown = SyncWait(authority_->Show(Operator(), "-", unknown, In()));
  ASSERT_FALSE(shown);
  EXPECT_EQ(shown.error().rule, "certificate.not-found");
  auto revoked = SyncWait(
      authority_->Revoke({Operator(), "-", unknown, RevocationReason::kUnspecified}, In()));
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().rule, "certificate.not-found");
}

// Somebody who may write to the database is no CA.
TEST_F(IssuanceTest, APeerWhoseSignatureIsNotTheIssuersIsUnknown) {
  signer_->refuses = true;
  ASSERT_FALSE(Issue(Request()));
  IndexQuery query{{.issuers = {IssuerId{1}}}, CertificateOrder::kNewest, {}, clock_.Now(), 1};
  auto page = SyncWait(ledger_.Page(std::move(query), In()));
  const CertificateRecord& intent = page->records.at(0);
  const Bytes forged = *FromBase64("MAYCAQECAQE=");  // Ecdsa-Sig-Value of 1 and 1
  const uint64_t decision = SyncWait(ledger_.LoadBasis(In()))->decision;
  SettleEntry entry{intent.facts.key, SignedOutcome{forged}, 1, decision};
  ASSERT_TRUE(SyncWait(ledger_.Settle(std::move(entry), In())));
  const auto certificate = *x509::Certificate::FromDer(
      x509::Certificate::Assemble(intent.tbs, x509::SignatureAlgorithm::kEcdsaSha256, forged));
  auto peer = SyncWait(authority_->Identify(certificate, In()));
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().rule, "peer.unknown");
}

TEST_F(IssuanceTest, APeerThatTheLedgerDoesNotHaveIsUnknown) {
  auto issued = Issue(Request());
  fakes::MemoryLedger empty(clock_);
  CertificateAuthority other(
      CertificateAuthority::Parts{clock_,
                                  random_,
                                  empty,
                                  empty,
                                  empty,
                                  empty,
                                  alerts_,
                                  empty,
                                  empty,
                                  *basis_,
                                  planner_,
                                  {issuer_},
                                  {},
                                  [](const auto&) { return std::optional<bool>(); },
                                  gate_,
                                  log_});
  auto peer = SyncWait(other.Identify(issued->certificate, In()));
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().rule, "peer.unknown");
}

TEST_F(IssuanceTest, AKeyRevokedForCompromiseIsNobodysAnyMore) {
  auto issued = Issue(Request());
  const auto serial = issued->facts.key.serial;
  ASSERT_TRUE(
      SyncWait(authority_->Revoke({Operator(), "-", serial, RevocationReason::kSuperseded}, In())));
  EXPECT_TRUE(Issue(Request()));
  ASSERT_TRUE(SyncWait(
      authority_->Revoke({Operator(), "-", serial, RevocationReason::kKeyCompromise}, In())));
  auto again = Issue(Request());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().rule, "policy.blocked");
}

TEST_F(IssuanceTest, APeerIsWhoItsRecordedCertificateSays) {
  auto issued = Issue(Request());
  auto principal = SyncWait(authority_->Identify(issued->certificate, In()));
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->id, "dns:web.internal");
  EXPECT_EQ(principal->request_scope, "lineage:" + issued->facts.lineage.lineage.ToString());
  EXPECT_EQ(principal->place->lineage, issued->facts.lineage.lineage);
  EXPECT_EQ(principal->place->generation, 0u);
}

TEST_F(IssuanceTest, APeerThatMemoryKnowsAsRevokedIsRefused) {
  auto issued = Issue(Request());
  ASSERT_TRUE(SyncWait(authority_->Identify(issued->certificate, In())));
  revoked_in_memory_ = true;
  EXPECT_EQ(SyncWait(authority_->Identify(issued->certificate, In())).error().rule, "peer.revoked");
}

TEST_F(IssuanceTest, ARevokedPeerIsRefusedAtItsNextCall) {
  auto issued = Issue(Request());
  ASSERT_TRUE(SyncWait(authority_->Identify(issued->certificate, In())));
  const auto serial = issued->certificate.tbs().serial();
  ASSERT_TRUE(SyncWait(
      authority_->Revoke({Operator(), "-", serial, RevocationReason::kKeyCompromise}, In())));
  EXPECT_EQ(SyncWait(authority_->Identify(issued->certificate, In())).error().rule, "peer.revoked");
}

// The same TBS with another valid signature of the issuer is not what was recorded.
TEST_F(IssuanceTest, APeerWithOtherBytesThanTheRecordedIsUnknown) {
  auto issued = Issue(Request());
  const Bytes tbs = ToBytes(issued->certificate.tbs().der());
  auto again = SyncWait(signer_->Sign(SignJob{NewId(),
                                              SignPurpose::kCertificate,
                                              {"file:issuing", issuer_->key().hash()},
                                              x509::SignatureAlgorithm::kEcdsaSha256,
                                              tbs,
                                              In()}));
  auto twin = *x509::Certificate::FromDer(
      x509::Certificate::Assemble(tbs, x509::SignatureAlgorithm::kEcdsaSha256, again.signature));
  ASSERT_TRUE(twin.VerifySignedBy(issuer_->key()));
  EXPECT_EQ(SyncWait(authority_->Identify(twin, In())).error().rule, "peer.unknown");
}

}  // namespace
}  // namespace mayfly::issuance
