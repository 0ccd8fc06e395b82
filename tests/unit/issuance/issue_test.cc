#include <gmock/gmock.h>

#include <thread>

#include "tests/unit/issuance/issuance_fixture.h"
#include "x509/certification_request_writer.h"

namespace mayfly::issuance {
namespace {

using fakes::CommitFault;

TEST_F(IssuanceTest, WhatIsReleasedIsInTheLedgerWithThoseBytes) {
  auto issued = Issue(Request());
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_TRUE(issued->certificate.VerifySignedBy(issuer_->key()));
  EXPECT_EQ(x509::Describe(*issued->certificate.tbs().names()), "DNS:web.internal");
  auto record = Find(issued->certificate.tbs().serial());
  ASSERT_TRUE(record);
  EXPECT_TRUE(Equal(record->tbs, issued->certificate.tbs().der()));
  EXPECT_TRUE(
      Equal(std::get<SignedOutcome>(*record->outcome).signature, issued->certificate.signature()));
  EXPECT_EQ(record->facts.principal, "spiffe://mayfly.internal/operator");
}

TEST_F(IssuanceTest, TheRecordIsThereBeforeTheSignature) {
  size_t records_at_signing = 0;
  signer_->before_sign = [&] { records_at_signing = ledger_.record_count(); };
  ASSERT_TRUE(Issue(Request()));
  EXPECT_EQ(records_at_signing, 1u);
}

TEST_F(IssuanceTest, ADeniedNameIsOneEventAndNoRecord) {
  auto issued = Issue(Request("DNS:other.internal"));
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().code, ErrorCode::kPolicyDenied);
  EXPECT_EQ(ledger_.record_count(), 0u);
  EXPECT_EQ(signer_->calls, 0);
  ASSERT_EQ(Denials().size(), 1u);
  EXPECT_THAT(Denials()[0].detail, testing::HasSubstr("\"policy.name\""));
}

TEST_F(IssuanceTest, WhatWasProvedBesideTheIdIsRecordedAndToldOfDenials) {
  const policy::Claims claims{{"namespace", "prod"}};
  IssueRequest request = Request();
  request.principal.claims = claims;
  const auto issued = Issue(request);
  ASSERT_TRUE(issued);
  EXPECT_EQ(Find(issued->facts.key.serial)->facts.claims, claims);
  request.names = {*x509::GeneralName::FromString("DNS:other.internal")};
  ASSERT_FALSE(Issue(request));
  EXPECT_THAT(Denials()[0].detail, testing::HasSubstr("\"claims\":\"namespace=prod\""));
}

TEST_F(IssuanceTest, AFlippedBitInTheRequestsSignatureIsOneEventAndNoRecord) {
  IssueRequest request = Request();
  CsrIn(request).back() ^= 1;
  auto issued = Issue(std::move(request));
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().rule, "csr.signature");
  EXPECT_EQ(ledger_.record_count(), 0u);
  EXPECT_EQ(Denials().size(), 1u);
}

TEST_F(IssuanceTest, AKeyOfThisCaIsRefusedWhoeverSignsWithIt) {
  const x509::SubjectPublicKeyInfo& key = issuer_->key();
  const Bytes info = x509::WriteCertificationRequestInfo(key, {});
  auto proof = SyncWait(files_->Sign(SignJob{NewId(),
                                             SignPurpose::kCaCertificate,
                                             {"file:issuing", key.hash()},
                                             x509::SignatureAlgorithm::kEcdsaSha256,
                                             info,
                                             In()}));
  IssueRequest request = Request();
  CsrIn(request) = x509::AssembleCertificationRequest(info, x509::SignatureAlgorithm::kEcdsaSha256,
                                                      proof.signature);
  auto issued = Issue(request);
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().rule, "key.own-ca");
  EXPECT_EQ(ledger_.record_count(), 0u);
}

TEST_F(IssuanceTest, AKeyThatTheCaUsesOtherwiseIsRefusedToo) {
  IssueRequest request = Request();
  const auto csr = x509::CertificationRequest::FromDer(CsrIn(request));
  authority_->KeepAsOwn(csr->public_key().hash());
  EXPECT_EQ(Issue(request).error().rule, "key.own-ca");
}

// What an adapter brings that has no CSR, and has tested its requester: neither is known further
// on.
TEST_F(IssuanceTest, AnotherProofOfTheKeyAndOfTheNames) {
  std::string policy = kPolicy;
  policy.replace(policy.find("names = ["), 0, "prove_control = true\n");
  Activate(policy.c_str());
  IssueRequest request = Request();
  const auto csr = *x509::CertificationRequest::FromDer(CsrIn(request));
  x509::SignedStatement statement{ToBytes(csr.public_key().der()), csr.signature_algorithm(),
                                  ToBytes(csr.certification_request_info()),
                                  ToBytes(csr.signature())};
  request.key = statement;
  request.request_id = NewId();
  EXPECT_EQ(Issue(request).error().rule, "policy.name-control");
  request.evidence.controlled = request.names;
  const auto issued = Issue(request);
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  EXPECT_EQ(issued->certificate.tbs().fields().public_key, csr.public_key());
  EXPECT_EQ(*issued->certificate.tbs().names(), request.names);
  EXPECT_EQ(Issue(request)->certificate.tbs().serial(), issued->certificate.tbs().serial());
  EXPECT_TRUE(SyncWait(authority_->Explain({request, std::nullopt}, In()))->tbs);
  statement.statement.back() ^= 1;
  request.key = statement;
  EXPECT_EQ(Issue(request).error().rule, "request-id.reused");  // another body
  request.request_id = NewId();
  EXPECT_EQ(Issue(request).error().rule, "key.proof");
}

TEST_F(IssuanceTest, ALintThatOnlyWarnsIsOneEventAndACertificate) {
  std::string policy = kPolicy;
  policy.replace(policy.find("names = [\"dns\"]"), 15, "names = [\"uri\"]");
  policy.replace(policy.find("dns = ["), std::string::npos,
                 "uri = [\"spiffe://mayfly.internal/web\"]\n");
  Activate(policy.c_str());
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  auto issued = Issue(Request("URI:spiffe://mayfly.internal/web"));
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  const auto warnings = EventsOf("lint-warning");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].detail, "{\"profile\":\"server\",\"serial\":\"" +
                                    issued->facts.key.serial.Hex() +
                                    "\",\"rules\":[\"lint.spiffe-eku\"]}");
}

TEST_F(IssuanceTest, ABlockedKeyIsRefused) {
  const auto csr = *x509::CertificationRequest::FromDer(*FromBase64(kCsr));
  ledger_.AddBlock({policy::BlockKind::kKey, ToBytes(csr.public_key().hash())});
  auto issued = Issue(Request());  // decided under the number before the block: decided again
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().code, ErrorCode::kPolicyDenied);
  EXPECT_EQ(ledger_.record_count(), 0u);
}

TEST_F(IssuanceTest, NobodyAsksOnTheAuthorityOfABlockedKey) {
  const auto other = *x509::CertificationRequest::FromDer(*FromBase64(kOtherCsr));
  IssueRequest request = Request();
  request.principal.key_hash = other.public_key().hash();
  ASSERT_TRUE(Issue(request));
  ledger_.AddBlock({policy::BlockKind::kKey, ToBytes(other.public_key().hash())});
  auto issued = Issue(request);
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().rule, "policy.blocked");
  EXPECT_EQ(issued.error().violations[0].field, "principal");
}

TEST_F(IssuanceTest, AProfileCanRefuseTheKeyOfAnotherIdentity) {
  std::string policy = kPolicy;
  policy.replace(policy.find("dns = ["), std::string::npos,
                 "dns = [\"web.internal\", \"api.internal\", \"db.internal\"]\n");
  Activate(policy.c_str());
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  ASSERT_TRUE(Issue(Request("DNS:db.internal")));  // the profile does not mind yet
  policy.replace(policy.find("names = ["), 0, "key_reuse = \"refuse\"\n");
  Activate(policy.c_str());
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  auto held = Issue(Request());  // by who has a valid certificate of another profile
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().rule, "policy.key-reused");
  EXPECT_EQ(SyncWait(authority_->Explain({Request(), std::nullopt}, In()))->findings.at(0).rule,
            "policy.key-reused");
  clock_.ahead_s += 2 * 86400;
  EXPECT_TRUE(Issue(Request()));
  EXPECT_TRUE(Issue(Request()));  // a renewal with the same key
  auto reused = Issue(Request("DNS:api.internal"));
  ASSERT_FALSE(reused);
  EXPECT_EQ(reused.error().rule, "policy.key-reused");
  ASSERT_EQ(Denials().size(), 2u);
  IssueRequest other = Request("DNS:api.internal");
  CsrIn(other) = *FromBase64(kOtherCsr);
  EXPECT_TRUE(Issue(other));
  auto explained = SyncWait(authority_->Explain({Request("DNS:api.internal"), std::nullopt}, In()));
  ASSERT_TRUE(explained);
  ASSERT_EQ(explained->findings.size(), 1u);
  EXPECT_EQ(explained->findings[0].rule, "policy.key-reused");
  EXPECT_FALSE(explained->tbs);
  EXPECT_TRUE(SyncWait(authority_->Explain({Request(), std::nullopt}, In()))->tbs);
}

TEST_F(IssuanceTest, WhatCannotBeMadeOrLintedIsNotRecorded) {
  clock_.ahead_s = 29 * 86400 + 3600;  // of the issuer's 30 days
  const auto longer = Issue(Request());
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().rule, "policy.outlives-issuer");
  clock_.ahead_s = 0;
  std::string policy = kPolicy;
  policy.replace(policy.find("digital-signature"), 17, "content-commitment");
  Activate(policy.c_str());
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  const auto incoherent = Issue(Request());
  ASSERT_FALSE(incoherent);
  EXPECT_EQ(incoherent.error().code, ErrorCode::kLintFailed);
  EXPECT_EQ(ledger_.record_count(), 0u);
  EXPECT_EQ(signer_->calls, 0);
  EXPECT_EQ(Denials().size(), 2u);
}

TEST_F(IssuanceTest, ADenialTellsWhatWasAskedFor) {
  IssueRequest request = Request("DNS:db.internal");
  request.names.push_back(*x509::GeneralName::FromString("DNS:api.internal"));
  request.lifetime = Seconds(3600);
  ASSERT_FALSE(Issue(request));
  ASSERT_EQ(Denials().size(), 1u);
  EXPECT_EQ(Denials()[0].detail,
            "{\"profile\":\"server\",\"code\":\"policy-denied\",\"rules\":[\"policy.name\"],"
            "\"names\":[\"DNS:api.internal\",\"DNS:db.internal\"],\"lifetime_seconds\":3600}");
  for (size_t i = request.names.size(); i <= kEventNamesMax; ++i) {
    request.names.push_back(
        *x509::GeneralName::FromString("DNS:n" + std::to_string(i) + ".internal"));
  }
  ASSERT_FALSE(Issue(request));
  EXPECT_NE(Denials()[1].detail.find("\"names_count\":17"), std::string::npos);
}

TEST_F(IssuanceTest, ADenialIsSaidUnderTodaysPolicyOnly) {
  Activate(kPolicyWithoutWeb);
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  Activate(kPolicy);  // this process has not read it yet
  EXPECT_TRUE(Issue(Request()));
}

TEST_F(IssuanceTest, ARequestIdGivesOneCertificate) {
  IssueRequest request = Request();
  request.request_id = NewId();
  auto first = Issue(request);
  auto second = Issue(request);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(Equal(first->certificate.der(), second->certificate.der()));
  EXPECT_EQ(ledger_.record_count(), 1u);
  EXPECT_EQ(signer_->calls, 1);
}

TEST_F(IssuanceTest, ARequestIdWithAnotherBodyIsRefused) {
  IssueRequest request = Request();
  request.request_id = NewId();
  ASSERT_TRUE(Issue(request));
  request.lifetime = Seconds(3600);
  EXPECT_EQ(Issue(request).error().rule, "request-id.reused");
  request.lifetime.reset();
  CsrIn(request) = *FromBase64(kOtherCsr);
  EXPECT_EQ(Issue(request).error().rule, "request-id.reused");
  EXPECT_EQ(ledger_.record_count(), 1u);
}

TEST_F(IssuanceTest, ARequestIdOfAnotherHolderIsAnotherRequest) {
  IssueRequest request = Request();
  request.request_id = NewId();
  ASSERT_TRUE(Issue(request));
  request.principal.request_scope = "lineage:2";
  ASSERT_TRUE(Issue(request));
  EXPECT_EQ(ledger_.record_count(), 2u);
}

TEST_F(IssuanceTest, ARequestIdWhoseCertificateWasRevokedIsRefused) {
  IssueRequest request = Request();
  request.request_id = NewId();
  auto issued = Issue(request);
  ASSERT_TRUE(issued);
  const CertificateKey key{issued->certificate.tbs().serial(), IssuerId{1}};
  ASSERT_TRUE(SyncWait(ledger_.Revoke({key, RevocationReason::kUnspecified, "local:0"}, In())));
  EXPECT_EQ(Issue(request).error().rule, "request-id.revoked");
}

TEST_F(IssuanceTest, ASignerThatWasAwayIsAskedAgainWithTheSameJob) {
  signer_->not_signed_times = 2;
  ASSERT_TRUE(Issue(Request()));
  ASSERT_EQ(signer_->ids.size(), 3u);
  EXPECT_EQ(signer_->ids[0], signer_->ids[2]);
}

TEST_F(IssuanceTest, APolicyThatChangesBeforeTheOutcomeDeniesAndAbandons) {
  signer_->before_sign = [&] {
    if (signer_->calls == 1) Activate(kPolicyWithoutWeb);
  };
  IssueRequest request = Request();
  request.request_id = NewId();
  auto issued = Issue(request);
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().code, ErrorCode::kPolicyDenied);
  auto prior = *SyncWait(ledger_.FindRequest({*request.request_id, "lineage:1"}, In()));
  EXPECT_TRUE(std::holds_alternative<AbandonedOutcome>(*prior->outcome));
  Activate(kPolicy);
  ASSERT_TRUE(Issue(request));
  EXPECT_EQ(ledger_.record_count(), 2u) << "the next attempt";
}

TEST_F(IssuanceTest, APolicyThatChangesButStillAllowsSettlesTheSameRecord) {
  const std::string again = std::string(kPolicy) + "# another version\n";
  signer_->before_sign = [&] { Activate(again.c_str()); };
  ASSERT_TRUE(Issue(Request()));
  EXPECT_EQ(ledger_.record_count(), 1u);
  EXPECT_EQ(signer_->calls, 1);
}

TEST_F(IssuanceTest, KeyRulesThatChangeBeforeTheOutcomeDenyToo) {
  std::string only_p384 = kPolicy;
  only_p384.replace(only_p384.find("names = "), 0, "keys = [\"ec-p384\"]\n");
  signer_->before_sign = [&] { Activate(only_p384.c_str()); };
  IssueRequest request = Request();
  request.request_id = NewId();
  auto issued = Issue(request);
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().code, ErrorCode::kKeyRejected);
  auto prior = *SyncWait(ledger_.FindRequest({*request.request_id, "lineage:1"}, In()));
  EXPECT_TRUE(std::holds_alternative<AbandonedOutcome>(*prior->outcome));
}

TEST_F(IssuanceTest, AnOutcomeAfterTheAbandonmentIsNotReleased) {
  IssueRequest request = Request();
  request.request_id = NewId();
  const RequestKey id{*request.request_id, "lineage:1"};
  signer_->before_sign = [&] {
    if (signer_->calls > 1) return;
    auto prior = *SyncWait(ledger_.FindRequest(id, In()));
    ASSERT_TRUE(
        SyncWait(ledger_.Settle({prior->record.facts().key, AbandonedOutcome{}, 0, 0}, In())));
  };
  auto issued = Issue(request);
  ASSERT_TRUE(issued) << "the next attempt's";
  EXPECT_EQ(ledger_.record_count(), 2u);
  auto prior = *SyncWait(ledger_.FindRequest(id, In()));
  EXPECT_EQ(prior->attempt, 2);
  EXPECT_EQ(prior->record.facts().key.serial, issued->certificate.tbs().serial());
}

TEST_F(IssuanceTest, ARecordThatPersistedThoughItsCommitFailedIsFoundAgain) {
  for (CommitFault fault : {CommitFault::kDidPersist, CommitFault::kDidNotPersist}) {
    IssueRequest request = Request();
    request.request_id = NewId();
    const size_t before = ledger_.record_count();
    ledger_.FailNextCommit(fault);
    ASSERT_FALSE(Issue(request));
    ASSERT_TRUE(Issue(request));
    EXPECT_EQ(ledger_.record_count(), before + 1);
  }
}

TEST_F(IssuanceTest, AnOutcomeThatPersistedThoughItsCommitFailedIsTheCertificate) {
  IssueRequest request = Request();
  request.request_id = NewId();
  signer_->before_sign = [&] { ledger_.FailNextCommit(CommitFault::kDidPersist); };
  ASSERT_FALSE(Issue(request));
  signer_->before_sign = nullptr;
  auto prior = *SyncWait(ledger_.FindRequest({*request.request_id, "lineage:1"}, In()));
  const Bytes signature = std::get<SignedOutcome>(*prior->outcome).signature;
  auto issued = Issue(request);
  ASSERT_TRUE(issued);
  EXPECT_TRUE(Equal(issued->certificate.signature(), signature));
  EXPECT_EQ(signer_->calls, 1);
}

TEST_F(IssuanceTest, ManyAtOnceWithOneRequestIdAreOneCertificate) {
  IssueRequest request = Request();
  request.request_id = NewId();
  constexpr int kCallers = 16;
  std::vector<Bytes> received(kCallers);
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      auto issued = Issue(request);
      ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
      received[i] = ToBytes(issued->certificate.der());
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const Bytes& der : received) EXPECT_EQ(der, received[0]);
  EXPECT_EQ(ledger_.record_count(), 1u);
}

// The responder's certificate walks the same path.
TEST_F(IssuanceTest, TheRespondersKeyIsProvedByACanary) {
  ASSERT_TRUE(hsm::GenerateSoftwareKey(directory_, "ocsp", hsm::KeyKind::kP256));
  const auto ocsp =
      signing_.MakeKey({"issuing-1", KeyUse::kOcsp, {"file:ocsp"}, {}}, *signer_, clock_, random_);
  auto issued = SyncWait(authority_->IssueForResponder(IssuerId{1}, *ocsp, Seconds(86400), In()));
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  EXPECT_EQ(Find(issued->certificate.tbs().serial())->facts.principal, "system:ocsp");
  EXPECT_EQ(signing_.canaries.size(), 1u);
  const auto nobodys =
      SyncWait(authority_->IssueForResponder(IssuerId{2}, *ocsp, Seconds(86400), In()));
  ASSERT_FALSE(nobodys);
  EXPECT_EQ(nobodys.error().rule, "issuance.issuer-unknown");
  const auto none =
      signing_.MakeKey({"issuing-1", KeyUse::kOcsp, {"file:none"}, {}}, *signer_, clock_, random_);
  EXPECT_FALSE(SyncWait(authority_->IssueForResponder(IssuerId{1}, *none, Seconds(86400), In())));
}

}  // namespace
}  // namespace mayfly::issuance
