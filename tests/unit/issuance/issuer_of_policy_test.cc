// Which CA signs is the policy's to say: what becomes of what the CA before had begun, and of those
// who hold its certificates.
#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

constexpr IssuerId kFirst{1}, kSecond{2};

// kPolicy, or another, with the profile's issuer.
std::string SignedBy(const std::string& issuer, std::string policy = kPolicy) {
  return policy.replace(policy.find("lifetime ="), 0, "issuer = \"" + issuer + "\"\n");
}

class IssuerOfPolicy : public IssuanceTest {
 protected:
  IssuerOfPolicy() {
    second_ = MakeIssuer(kSecond, "issuing-2", "second");
    authority_ = MakeAuthority({issuer_, second_});
  }
  void Switch(const std::string& text) {
    Activate(text.c_str());
    ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  }
  IssueRequest RequestWithId() {
    IssueRequest request = Request();
    request.request_id = NewId();
    return request;
  }
  void LeaveAnIntent(const IssueRequest& request) {
    signer_->refuses = true;
    EXPECT_FALSE(Issue(request));
    signer_->refuses = false;
  }
  Result<AppliedPolicy> Apply(const std::string& text) {
    return SyncWait(authority_->ApplyPolicy({Request().principal, text, std::nullopt}, In()));
  }
  static void ExpectOf(const Issuer& issuer, const Result<IssuedCertificate>& issued) {
    ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
    EXPECT_EQ(issued->issuer, issuer.name());
    EXPECT_EQ(issued->facts.key.issuer, issuer.id());
    EXPECT_EQ(issued->issuer_chain, issuer.chain());
    EXPECT_TRUE(issued->certificate.VerifySignedBy(issuer.key()));
  }

  std::shared_ptr<const Issuer> second_;
};

TEST_F(IssuerOfPolicy, IsTheFirstWhereTheProfileNamesNone) {
  ExpectOf(*issuer_, Issue(Request()));
  authority_ = MakeAuthority({second_, issuer_});
  ExpectOf(*second_, Issue(Request()));
  Switch(SignedBy("issuing-1"));
  ExpectOf(*issuer_, Issue(Request()));
}

TEST_F(IssuerOfPolicy, SignsWhatIsIssuedFromThenOn) {
  const auto before = Issue(Request());
  Switch(SignedBy("issuing-2"));
  const auto after = Issue(Request());
  ExpectOf(*issuer_, before);
  ExpectOf(*second_, after);
  EXPECT_EQ(after->facts.policy_version, 2u);
  // Both are known, and revoked, as before.
  for (const auto* issued : {&before, &after}) {
    const x509::Certificate& peer = (*issued)->certificate;
    EXPECT_TRUE(SyncWait(authority_->Identify(peer, In())));
    EXPECT_TRUE(SyncWait(authority_->Show(Request().principal, "-", peer.tbs().serial(), In())));
    EXPECT_TRUE(SyncWait(authority_->Revoke(
        {Request().principal, "-", peer.tbs().serial(), RevocationReason::kSuperseded}, In())));
  }
}

TEST_F(IssuerOfPolicy, AnIntentIsAbandonedWhereTheNextIssuerIsNotHere) {
  const IssueRequest request = RequestWithId();
  LeaveAnIntent(request);
  Switch(SignedBy("issuing-2"));
  authority_ = MakeAuthority({issuer_});
  const auto refused = Issue(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "policy.issuer-unknown");
  authority_ = MakeAuthority({issuer_, second_});
  ExpectOf(*second_, Issue(request));
}

TEST_F(IssuerOfPolicy, WhatAnIssuerSignedThatIsNotHereIsNotReleased) {
  const IssueRequest request = RequestWithId();
  Switch(SignedBy("issuing-2"));
  ExpectOf(*second_, Issue(request));
  authority_ = MakeAuthority({issuer_});
  const auto refused = Issue(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "issuance.issuer-unknown");
}

TEST_F(IssuerOfPolicy, ARequestIdGivesWhatItGaveBefore) {
  const IssueRequest request = RequestWithId();
  const auto before = Issue(request);
  Switch(SignedBy("issuing-2"));
  const auto again = Issue(request);
  ExpectOf(*issuer_, again);
  EXPECT_EQ(ToHex(again->certificate.der()), ToHex(before->certificate.der()));
  EXPECT_EQ(ledger_.record_count(), 1u);
}

TEST_F(IssuerOfPolicy, AnIntentOfTheOneBeforeIsAbandonedAndMadeAnew) {
  const IssueRequest request = RequestWithId();
  LeaveAnIntent(request);
  const CertificateKey intent =
      (*SyncWait(ledger_.FindRequest({*request.request_id, "lineage:1"}, In())))
          ->record.facts()
          .key;
  Switch(SignedBy("issuing-2"));
  ExpectOf(*second_, Issue(request));
  EXPECT_TRUE(std::holds_alternative<AbandonedOutcome>(*Find(intent.serial)->outcome));
  EXPECT_EQ(ledger_.record_count(), 2u);
}

TEST_F(IssuerOfPolicy, AnIntentIsSignedByItsOwnWhereThePolicyKeepsIt) {
  Switch(SignedBy("issuing-2"));
  const IssueRequest request = RequestWithId();
  LeaveAnIntent(request);
  Switch("# a note\n" + SignedBy("issuing-2"));
  ExpectOf(*second_, Issue(request));
  EXPECT_EQ(ledger_.record_count(), 1u);
}

// Signed by the one, and before the outcome the policy names the other.
TEST_F(IssuerOfPolicy, ASignatureUnderThePolicyBeforeIsNotReleased) {
  signer_->before_sign = [&] {
    if (signer_->calls == 1) Activate(SignedBy("issuing-2").c_str());
  };
  ExpectOf(*second_, Issue(Request()));
  EXPECT_EQ(ledger_.record_count(), 2u);
  EXPECT_EQ(signer_->calls, 2);
}

TEST_F(IssuerOfPolicy, RenewalsMoveToTheNewOne) {
  const auto first = Issue(Request());
  ASSERT_TRUE(first);
  Switch(SignedBy("issuing-2"));
  RenewRequest renewal{first->certificate, *FromBase64(kOtherCsr), std::nullopt, std::nullopt};
  const auto renewed = SyncWait(authority_->Renew(std::move(renewal), In()));
  ExpectOf(*second_, renewed);
  EXPECT_EQ(renewed->facts.lineage.lineage, first->facts.lineage.lineage);
  EXPECT_EQ(renewed->facts.lineage.generation, 1u);
  EXPECT_EQ(renewed->facts.lineage.parent, first->certificate.tbs().serial());
  // The next one supersedes what it renewed, whoever signed that.
  ASSERT_TRUE(SyncWait(authority_->Identify(renewed->certificate, In())));
  RenewRequest again{first->certificate, *FromBase64(kOtherCsr), std::nullopt, std::nullopt};
  EXPECT_EQ(SyncWait(authority_->Renew(std::move(again), In())).error().rule, "renewal.superseded");
}

TEST_F(IssuerOfPolicy, IsWhatAnExplanationShows) {
  Switch(SignedBy("issuing-2"));
  const auto told = SyncWait(authority_->Explain({Request(), std::nullopt}, In()));
  ASSERT_TRUE(told && told->tbs);
  EXPECT_EQ(x509::TbsCertificate::FromDer(*told->tbs)->fields().issuer,
            second_->identity().subject);
}

TEST_F(IssuerOfPolicy, MustBeOneOfTheConfiguration) {
  const std::string other = SignedBy("issuing-3");
  const auto refused = Apply(other);
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().violations.size(), 1u);
  EXPECT_EQ(refused.error().violations[0].rule, "policy.issuer-unknown");
  EXPECT_EQ(refused.error().violations[0].field, "policy_text:5");
  EXPECT_TRUE(Apply(SignedBy("issuing-2")));
}

// Another replica, whose configuration has it, has taken such a policy.
TEST_F(IssuerOfPolicy, OneThatIsNotHereStopsItsOwnProfileOnly) {
  const IssueRequest before = RequestWithId();
  ASSERT_TRUE(Issue(before));
  std::string two = SignedBy("issuing-3");
  two.replace(two.find("[[rule]]"), 0, R"([profile.other]
lifetime = "1d"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
)");
  two.replace(two.find("profiles = [\"server\"]"), 21, "profiles = [\"server\", \"other\"]");
  Switch(two);
  const auto refused = Issue(Request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(refused.error().rule, "policy.issuer-unknown");
  EXPECT_EQ(ledger_.record_count(), 1u);
  IssueRequest other = Request();
  other.profile = "other";
  ExpectOf(*issuer_, Issue(other));
  ExpectOf(*issuer_, Issue(before));  // what was released is released again
  const auto told = SyncWait(authority_->Explain({Request(), std::nullopt}, In()));
  ASSERT_TRUE(told);
  ASSERT_EQ(told->findings.size(), 1u);
  EXPECT_EQ(told->findings[0].rule, "policy.issuer-unknown");
}

TEST_F(IssuerOfPolicy, ATokenIsMadeForACaThatIsHereAndUsedWithTheOneOfTheDay) {
  const auto create = [&] {
    const policy::Principal maker{
        policy::ProofOfIdentity::kCertificate, Request().principal.id, "lineage:1", {}};
    return SyncWait(
        authority_->CreateToken({maker, "server", Request().names, std::nullopt, 1}, In()));
  };
  const auto token = create();
  ASSERT_TRUE(token) << Describe(token.error(), ErrorText::kForLog);
  Switch(SignedBy("issuing-3"));
  ASSERT_FALSE(create());
  EXPECT_EQ(create().error().rule, "policy.issuer-unknown");
  Switch(SignedBy("issuing-2"));
  auto holder = SyncWait(authority_->IdentifyToken(token->record.enrolment.token_hash, In()));
  ASSERT_TRUE(holder);
  ExpectOf(*second_, Issue({*holder, Csr(kCsr), "server", {}, std::nullopt, NewId()}));
}

// A refusal too is said under today's policy only.
TEST_F(IssuerOfPolicy, ThePolicyThatCameSinceIsLookedAtBeforeItIsMissed) {
  Switch(SignedBy("issuing-3"));
  Activate(SignedBy("issuing-2").c_str());
  ExpectOf(*second_, Issue(Request()));
}

}  // namespace
}  // namespace mayfly::issuance
