// What was decided is looked at again before it is released: intents found later, outcomes that
// somebody else was first with, policies that changed meanwhile.
#include "tests/unit/issuance/issuance_fixture.h"
#include "tests/unit/x509/golden.h"

namespace mayfly::issuance {
namespace {

constexpr int64_t kTenthOfALife_s = 86400 / 10;  // of kPolicy's lifetime, a day
constexpr int64_t kMargin_s = 60;                // for the backdate's and the test's own time

class DecidedAgain : public IssuanceTest {
 protected:
  IssueRequest RequestWithId() {
    IssueRequest request = Request();
    request.request_id = NewId();
    return request;
  }

  PriorAttempt Prior(const IssueRequest& request) {
    return **SyncWait(ledger_.FindRequest({*request.request_id, "lineage:1"}, In()));
  }

  // A record that was never signed.
  void LeaveAnIntent(const IssueRequest& request) {
    signer_->refuses = true;
    EXPECT_FALSE(Issue(request));
    signer_->refuses = false;
    EXPECT_FALSE(Prior(request).outcome);
  }

  // Settles the record of `request` under the policy in force, with another signature of the
  // issuer's; gives that signature.
  Bytes SettleFirst(const IssueRequest& request) {
    const PriorAttempt prior = Prior(request);
    auto result = SyncWait(files_->Sign(SignJob{NewId(),
                                                SignPurpose::kCertificate,
                                                {"file:issuing", issuer_->key().hash()},
                                                x509::SignatureAlgorithm::kEcdsaSha256,
                                                ToBytes(prior.record.tbs()),
                                                In()}));
    const StoredBasis basis = *SyncWait(ledger_.LoadBasis(In()));
    EXPECT_TRUE(SyncWait(ledger_.Settle({prior.record.facts().key, SignedOutcome{result.signature},
                                         basis.policy_version, basis.decision},
                                        In())));
    return result.signature;
  }
};

TEST_F(DecidedAgain, AKeyOutsideTheProfilesRulesIsNotRecorded) {
  std::string only_p384 = kPolicy;
  only_p384.replace(only_p384.find("names = "), 0, "keys = [\"ec-p384\"]\n");
  Activate(only_p384.c_str());
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  EXPECT_EQ(Issue(Request()).error().rule, "key.type");
  EXPECT_EQ(ledger_.record_count(), 0u);
  EXPECT_EQ(Denials().size(), 1u);
}

// Another server settled it under the policy that still granted it; then the policy changed.
TEST_F(DecidedAgain, ASignatureThatStandsIsReleasedWhateverTheNextPolicySays) {
  const IssueRequest request = RequestWithId();
  Bytes standing;
  signer_->before_sign = [&] {
    if (!standing.empty()) return;
    standing = SettleFirst(request);
    Activate(kPolicyWithoutWeb);
  };
  auto issued = Issue(request);
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  EXPECT_EQ(ToBytes(issued->certificate.signature()), standing);
  EXPECT_EQ(ledger_.record_count(), 1u);
}

TEST_F(DecidedAgain, NamesInsideTheRequestAreJudgedToo) {
  IssueRequest request = Request();
  request.names = {};
  request.key =
      x509::CertificationRequestDer{x509::Golden("p256.csr")};  // DNS:web.internal stands inside
  auto issued = Issue(request);
  ASSERT_TRUE(issued);
  EXPECT_EQ(x509::Describe(*issued->certificate.tbs().names()), "DNS:web.internal");

  request = Request();
  request.key = x509::CertificationRequestDer{x509::Golden("python-all-names.csr")};  // others too
  EXPECT_EQ(Issue(request).error().code, ErrorCode::kPolicyDenied);
  EXPECT_EQ(ledger_.record_count(), 1u);
}

TEST_F(DecidedAgain, ARequestIdWithOtherNamesIsRefused) {
  IssueRequest request = RequestWithId();
  ASSERT_TRUE(Issue(request));
  request.names = {*x509::GeneralName::Dns("other.internal")};
  EXPECT_EQ(Issue(request).error().rule, "request-id.reused");
}

TEST_F(DecidedAgain, AnIntentIsSignedInTheFirstTenthOfItsLife) {
  const IssueRequest request = RequestWithId();
  LeaveAnIntent(request);
  clock_.ahead_s = kTenthOfALife_s - kMargin_s;
  ASSERT_TRUE(Issue(request));
  EXPECT_EQ(ledger_.record_count(), 1u);
}

TEST_F(DecidedAgain, AnOlderIntentIsAbandoned) {
  const IssueRequest request = RequestWithId();
  LeaveAnIntent(request);
  const CertificateKey first = Prior(request).record.facts().key;
  clock_.ahead_s = kTenthOfALife_s + kMargin_s;
  auto issued = Issue(request);
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  EXPECT_NE(issued->certificate.tbs().serial(), first.serial);
  EXPECT_TRUE(std::holds_alternative<AbandonedOutcome>(*Find(first.serial)->outcome));
}

TEST_F(DecidedAgain, AProfileThatChangesBeforeTheOutcomeMakesANewRecord) {
  std::string for_clients = kPolicy;
  const std::string purpose = "server-auth";
  for_clients.replace(for_clients.find(purpose), purpose.size(), "client-auth");
  signer_->before_sign = [&] {
    if (signer_->calls == 1) Activate(for_clients.c_str());
  };
  auto issued = Issue(Request());
  ASSERT_TRUE(issued);
  const x509::Extension* purposes =
      x509::Find(issued->certificate.tbs().fields().extensions, x509::oid::ExtendedKeyUsage());
  EXPECT_EQ(*x509::ReadExtendedKeyUsage(purposes->value),
            std::vector<der::Oid>{x509::oid::ClientAuth()});
  EXPECT_EQ(ledger_.record_count(), 2u);
}

// The policy that decides says what stands in the certificate, to the last octet.
TEST_F(DecidedAgain, AnIntentOfOtherBytesIsAbandoned) {
  const auto with = [](std::string_view key, std::string_view more) {
    std::string policy = kPolicy;
    policy.replace(policy.find(key), 0, more);
    return policy;
  };
  std::string longer = kPolicy;
  longer.replace(longer.find("\"1d\""), 4, "\"2d\"");
  for (const std::string& changed : {longer, with("names = [", "subject = \"first-name\"\n"),
                                     with("names = [", "revocation = \"pointers\"\n"),
                                     with("names = [", "key_reuse = \"refuse\"\n")}) {
    Activate(kPolicy);
    ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
    const IssueRequest request = RequestWithId();
    LeaveAnIntent(request);
    const CertificateKey first = Prior(request).record.facts().key;
    Activate(changed.c_str());
    ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
    const auto issued = Issue(request);
    ASSERT_TRUE(issued) << changed << Describe(issued.error(), ErrorText::kForLog);
    EXPECT_NE(issued->certificate.tbs().serial(), first.serial) << changed;
    EXPECT_TRUE(std::holds_alternative<AbandonedOutcome>(*Find(first.serial)->outcome));
  }
}

// What the policy says of others' certificates changes nothing of this one.
TEST_F(DecidedAgain, AnIntentOfTheSameBytesIsSigned) {
  const IssueRequest request = RequestWithId();
  LeaveAnIntent(request);
  const CertificateKey first = Prior(request).record.facts().key;
  Activate((std::string(kPolicy) + "# and more\n").c_str());
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  const auto issued = Issue(request);
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->certificate.tbs().serial(), first.serial);
}

TEST_F(DecidedAgain, TheSignatureThatCameFirstIsReleased) {
  const IssueRequest request = RequestWithId();
  Bytes first;
  signer_->before_sign = [&] { first = SettleFirst(request); };
  auto issued = Issue(request);
  ASSERT_TRUE(issued);
  EXPECT_EQ(ToHex(issued->certificate.signature()), ToHex(first));
}

// Issued is issued: who lost to it may have been denied meanwhile, the certificate is out.
TEST_F(DecidedAgain, TheSignatureThatCameBeforeADenialIsReleased) {
  const IssueRequest request = RequestWithId();
  Bytes first;
  signer_->before_sign = [&] {
    first = SettleFirst(request);
    Activate(kPolicyWithoutWeb);
  };
  auto issued = Issue(request);
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  EXPECT_EQ(ToHex(issued->certificate.signature()), ToHex(first));
}

// Denied by the policy that was read; on the way to the abandonment another server is first, under
// the next policy, which grants it again; and the one after that denies it for good.
TEST_F(DecidedAgain, TheSignatureThatCameBeforeTheAbandonmentIsReleased) {
  const IssueRequest request = RequestWithId();
  signer_->before_sign = [&] { Activate(kPolicyWithoutWeb); };
  Bytes first;
  before_policy_read = [&] {
    Activate(kPolicy);
    first = SettleFirst(request);
    Activate(kPolicyWithoutWeb);
  };
  auto issued = Issue(request);
  ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
  EXPECT_EQ(ToHex(issued->certificate.signature()), ToHex(first));
  EXPECT_EQ(ledger_.record_count(), 1u);
}

// Neither a template that cannot be made any more, nor the same bytes where lint says more of them.
TEST_F(DecidedAgain, AnIntentThatCouldNotBeMadeTodayIsAbandoned) {
  const auto refused_under = [this](const IssueRequest& request, const std::string& policy) {
    Activate(policy.c_str());
    EXPECT_TRUE(SyncWait(basis_->Refresh(In())));
    const auto refused = Issue(request);
    EXPECT_FALSE(refused);
    EXPECT_TRUE(std::holds_alternative<AbandonedOutcome>(*Prior(request).outcome));
    return refused ? std::string() : refused.error().rule;
  };
  std::string policy = kPolicy;
  const IssueRequest request = RequestWithId(), other = RequestWithId();
  LeaveAnIntent(request);
  policy.replace(policy.find("1d"), 2, "40d");  // the issuer ends before
  EXPECT_EQ(refused_under(request, policy), "policy.outlives-issuer");
  policy = kPolicy;
  policy.replace(policy.find("digital-signature"), 17, "content-commitment");
  std::string lenient = policy;
  lenient.replace(lenient.find("[[rule]]"), 0,
                  "[profile.server.lint]\nusage-coherence = \"off\"\n");
  Activate(lenient.c_str());
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  LeaveAnIntent(other);
  EXPECT_EQ(refused_under(other, policy), "lint.usage-coherence");
}

TEST_F(DecidedAgain, ARefusedJobIsNotTriedAgain) {
  signer_->refuses = true;
  EXPECT_EQ(Issue(Request()).error().rule, "signer.refused");
  EXPECT_EQ(signer_->calls, 1);
}

TEST_F(DecidedAgain, APeerPastItsLifeIsRefused) {
  auto issued = Issue(Request());
  ASSERT_TRUE(SyncWait(authority_->Identify(issued->certificate, In())));
  clock_.ahead_s = 86400 + kMargin_s;
  EXPECT_EQ(SyncWait(authority_->Identify(issued->certificate, In())).error().rule, "peer.expired");
}

}  // namespace
}  // namespace mayfly::issuance
