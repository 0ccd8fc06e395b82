#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

// As kCsr, but DNS:web.internal or DNS:db.internal stands inside (-addext).
constexpr std::string_view kCsrForWeb =
    "MIHmMIGMAgEAMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARUNqzsfqH91soPUR1947aFdyXdcCnp+cGEAbd9O4f3"
    "6MOBG3TMx8tX6L2gMmK9v3fAsV1YeXr0rkvQv76ftOHWoCowKAYJKoZIhvcNAQkOMRswGTAXBgNVHREEEDAOggx3ZWIu"
    "aW50ZXJuYWwwCgYIKoZIzj0EAwIDSQAwRgIhAJy+L2EF8NZRtvuVtXtCDdncseDosygh0pYsQ4XILKCfAiEApBpDGC1e"
    "odrE5Yv9tcbp1NdIae1NIFYIJFA8+7uYZ1U=";
constexpr std::string_view kCsrForDb =
    "MIHjMIGLAgEAMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATY9Zub5SDyaIQvVV465/aKMFxEvIHDx10p6+UkhQYl"
    "S2B9dqlm08radrEVcJSMJo5UsXO1q0nr4sPAikSSd3swoCkwJwYJKoZIhvcNAQkOMRowGDAWBgNVHREEDzANggtkYi5p"
    "bnRlcm5hbDAKBggqhkjOPQQDAgNHADBEAiBTTCnlpxEHHpSNUM1BRNvjEyK036lYv4E59nDchvJV2wIgHNt9fuI9i4Wy"
    "XQshmswjP3gaduLHmKlyRxpjugmjSPc=";

class Renewal : public IssuanceTest {
 protected:
  // A certificate of kCsr's key; renewals have kOtherCsr's, unless a test says otherwise.
  x509::Certificate Enrol() {
    auto issued = Issue(Request());
    EXPECT_TRUE(issued);
    return issued->certificate;
  }
  Result<IssuedCertificate> Renew(const x509::Certificate& current,
                                  std::string_view csr = kOtherCsr) {
    RenewRequest request{current, *FromBase64(csr), std::nullopt, std::nullopt};
    return SyncWait(authority_->Renew(std::move(request), In()));
  }
  Status Use(const x509::Certificate& certificate) {
    auto principal = SyncWait(authority_->Identify(certificate, In()));
    if (!principal) return std::move(principal).error();
    return Ok();
  }
  Status Acknowledge(const x509::Certificate& by, const x509::Certificate& what) {
    auto principal = SyncWait(authority_->Identify(by, In()));
    AcknowledgeRequest request{*principal, "-", what.tbs().serial()};
    return SyncWait(authority_->Acknowledge(std::move(request), In()));
  }
  void ActivateWith(const std::string& profile_lines, const std::string& rule_lines = "") {
    std::string policy = kPolicy;
    policy.replace(policy.find("names = ["), 0, profile_lines + "\n");
    Activate((policy + rule_lines).c_str());
    ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  }
  template <class T>
  static std::string RuleOf(const Result<T>& result) {
    return result ? "ok" : result.error().rule;
  }
};

TEST_F(Renewal, IsTheNextGenerationOfTheSameNames) {
  const auto current = Enrol();
  const auto record = Find(current.tbs().serial());
  auto renewed = Renew(current);
  ASSERT_TRUE(renewed) << Describe(renewed.error(), ErrorText::kForLog);
  EXPECT_EQ(renewed->facts.lineage.lineage, record->facts.lineage.lineage);
  EXPECT_EQ(renewed->facts.lineage.generation, 1u);
  EXPECT_EQ(renewed->facts.lineage.parent, current.tbs().serial());
  EXPECT_EQ(renewed->facts.profile, "server");
  EXPECT_EQ(renewed->facts.principal, "dns:web.internal");
  EXPECT_EQ(*renewed->certificate.tbs().names(), *current.tbs().names());
  EXPECT_NE(renewed->certificate.tbs().fields().public_key.hash(),
            current.tbs().fields().public_key.hash());
}

TEST_F(Renewal, KeepsTheNamesWhateverTheCsrSays) {
  const auto current = Enrol();
  const auto other = Renew(current, kCsrForDb);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kPolicyDenied);
  EXPECT_EQ(other.error().rule, "renewal.names");
  ASSERT_EQ(other.error().violations.size(), 1u);
  EXPECT_EQ(other.error().violations[0].message, "DNS:db.internal is not");
  EXPECT_EQ(Denials().size(), 1u);
  EXPECT_EQ(ledger_.record_count(), 1u);
  const auto same = Renew(current, kCsrForWeb);
  ASSERT_TRUE(same) << Describe(same.error(), ErrorText::kForLog);
  EXPECT_EQ(*same->certificate.tbs().names(), *current.tbs().names());
}

TEST_F(Renewal, ACsrThatIsNoneIsADenial) {
  const auto current = Enrol();
  EXPECT_EQ(RuleOf(Renew(current, "MAA=")), "der.truncated");
  EXPECT_EQ(Denials().size(), 1u);
}

TEST_F(Renewal, TellsWhenToRenewNext) {
  const auto current = Enrol();
  auto renewed = Renew(current);
  ASSERT_TRUE(renewed);
  const auto window = renewed->facts.renewal;
  const auto validity = renewed->certificate.tbs().fields().validity;
  EXPECT_GE(window.from, validity.not_before() + validity.lifetime() * 2 / 3);
  EXPECT_LE(window.until, validity.not_before() + validity.lifetime() * 5 / 6);
}

TEST_F(Renewal, ASupersededGenerationIsRefusedAndSaid) {
  const auto first = Enrol();
  auto lost = Renew(first);    // its answer never arrived
  auto second = Renew(first);  // so the holder asks again
  ASSERT_TRUE(lost && second);
  ASSERT_TRUE(Use(second->certificate));
  EXPECT_TRUE(EventsOf("lineage.copied-key").empty());
  EXPECT_EQ(RuleOf(Renew(first)), "renewal.superseded");
  EXPECT_EQ(EventsOf("lineage.copied-key").size(), 1u);
  EXPECT_EQ(EventsOf("lineage.copied-key")[0].principal, "dns:web.internal");
  EXPECT_TRUE(Renew(second->certificate, kCsr));  // the lineage goes on
}

// Who has a copy of an old key must not use up the lineage's rate.
TEST_F(Renewal, WhatIsRefusedCountsForTheCertificateThatAsked) {
  ActivateWith("renewals_per_hour = 3");
  const auto first = Enrol();
  const auto second = Renew(first);
  ASSERT_TRUE(second && Use(second->certificate));
  EXPECT_EQ(RuleOf(Renew(first)), "renewal.superseded");
  EXPECT_EQ(RuleOf(Renew(first)), "renewal.superseded");
  EXPECT_EQ(RuleOf(Renew(first)), "renewal.rate");
  EXPECT_TRUE(Renew(second->certificate, kCsr));
  EXPECT_TRUE(Renew(second->certificate, kCsr));
  EXPECT_EQ(RuleOf(Renew(second->certificate, kCsr)), "renewal.rate") << "of the lineage: three";
}

TEST_F(Renewal, OfTwoSiblingsTheOneInUseIsTheHolder) {
  const auto first = Enrol();
  auto one = Renew(first), other = Renew(first);
  ASSERT_TRUE(one && other);
  ASSERT_TRUE(Use(one->certificate));
  EXPECT_EQ(RuleOf(Use(other->certificate)), "renewal.superseded");
  EXPECT_EQ(RuleOf(Renew(other->certificate, kCsr)), "renewal.superseded");
  EXPECT_FALSE(EventsOf("lineage.copied-key").empty());
  EXPECT_TRUE(Use(one->certificate));
}

// The other one was heard of at another replica, at the same time.
TEST_F(Renewal, ASiblingThatIsFoundOutWhileRecordingIsRefused) {
  const auto first = Enrol();
  auto one = Renew(first), other = Renew(first);
  ASSERT_TRUE(Use(other->certificate));
  LineageUse use{one->facts.lineage.lineage, 2, one->facts.key, UseKind::kUsed};
  ASSERT_TRUE(SyncWait(ledger_.NoteUse(std::move(use), In())));
  EXPECT_EQ(RuleOf(Renew(other->certificate, kCsr)), "renewal.superseded");
  EXPECT_EQ(ledger_.record_count(), 3u);
}

TEST_F(Renewal, WhatWasAcknowledgedSupersedes) {
  const auto first = Enrol();
  auto second = Renew(first);
  ASSERT_TRUE(second);
  EXPECT_TRUE(Renew(first));  // not yet
  ASSERT_TRUE(Acknowledge(first, second->certificate));
  EXPECT_TRUE(Acknowledge(first, second->certificate));
  EXPECT_EQ(RuleOf(Renew(first)), "renewal.superseded");
}

TEST_F(Renewal, OnlyWhatIsThereAndStandsIsAcknowledged) {
  const auto first = Enrol();
  const auto second = Renew(first)->certificate;
  const auto holder = *SyncWait(authority_->Identify(first, In()));
  const auto acknowledge = [&](const x509::SerialNumber& serial) {
    return RuleOf(SyncWait(authority_->Acknowledge({holder, "-", serial}, In())));
  };
  EXPECT_EQ(
      acknowledge(x509::SerialNumber::Make(x509::LifetimeClass::kUpTo7Days, clock_.Now(), random_)),
      "certificate.not-found");
  RevokeEntry entry{{second.tbs().serial(), IssuerId{1}}, RevocationReason::kSuperseded, "local:0"};
  ASSERT_TRUE(SyncWait(ledger_.Revoke(std::move(entry), In())));
  EXPECT_EQ(acknowledge(second.tbs().serial()), "certificate.revoked");
  EXPECT_TRUE(Renew(first));  // nothing supersedes it
}

TEST_F(Renewal, NobodyAcknowledgesForAnother) {
  const auto mine = Enrol(), theirs = Enrol();
  EXPECT_EQ(RuleOf(Acknowledge(mine, theirs)), "certificate.not-found");
  EXPECT_TRUE(Acknowledge(mine, mine));
}

TEST_F(Renewal, ACopiedKeyCanLockTheLineage) {
  ActivateWith("on_copied_key = \"lock\"");
  const auto first = Enrol();
  auto second = Renew(first);
  ASSERT_TRUE(second && Use(second->certificate));
  EXPECT_EQ(RuleOf(Renew(first)), "renewal.superseded");
  EXPECT_EQ(RuleOf(Renew(second->certificate, kCsr)), "policy.blocked");
  EXPECT_TRUE(Renew(Enrol()));  // another lineage of the same names
}

TEST_F(Renewal, HasANewKeyUnlessTheProfileSaysOtherwise) {
  const auto current = Enrol();
  auto same = Renew(current, kCsr);
  EXPECT_EQ(RuleOf(same), "renewal.same-key");
  EXPECT_EQ(same.error().code, ErrorCode::kKeyRejected);
  ActivateWith("renewal_key = \"any\"");
  EXPECT_TRUE(Renew(current, kCsr));
}

TEST_F(Renewal, GoesOnWhileSomebodyIsGrantedSuchNames) {
  const auto current = Enrol();
  // The rule is about an operator, not about web.internal itself.
  EXPECT_TRUE(Renew(current));
  Activate(kPolicyWithoutWeb);
  EXPECT_EQ(RuleOf(Renew(current)), "policy.principal");
  ActivateWith("",
               "[[rule]]\nname = \"gone\"\neffect = \"deny\"\n"
               "principals = [\"dns:web.internal\"]\n");
  EXPECT_EQ(RuleOf(Renew(current)), "policy.denied");
  ActivateWith("renewal = \"refuse\"");
  EXPECT_EQ(RuleOf(Renew(current)), "policy.renewal");
  EXPECT_EQ(Denials().size(), 3u);
  EXPECT_EQ(ledger_.record_count(), 2u);
}

TEST_F(Renewal, ARevokedOrExpiredCertificateRenewsNothing) {
  const auto current = Enrol();
  RevokeEntry entry{
      {current.tbs().serial(), IssuerId{1}}, RevocationReason::kSuperseded, "local:0"};
  ASSERT_TRUE(SyncWait(ledger_.Revoke(std::move(entry), In())));
  EXPECT_EQ(RuleOf(Renew(current)), "peer.revoked");
  const auto other = Enrol();
  clock_.ahead_s = 86400;
  EXPECT_EQ(RuleOf(Renew(other)), "peer.expired");
}

TEST_F(Renewal, IsRateLimitedByLineage) {
  ActivateWith("renewals_per_hour = 2");
  const auto current = Enrol(), other = Enrol();
  EXPECT_TRUE(Renew(current));
  EXPECT_TRUE(Renew(current));
  auto often = Renew(current);
  EXPECT_EQ(RuleOf(often), "renewal.rate");
  EXPECT_EQ(often.error().code, ErrorCode::kOverloaded);
  ASSERT_TRUE(often.error().retry_after);
  EXPECT_GT(*often.error().retry_after, Seconds(1700));
  EXPECT_LE(*often.error().retry_after, Seconds(1800));
  EXPECT_TRUE(Renew(other));
}

TEST_F(Renewal, ARequestIdGivesOneRenewal) {
  const auto current = Enrol();
  RenewRequest request{current, *FromBase64(kOtherCsr), std::nullopt, NewId()};
  auto first = SyncWait(authority_->Renew(request, In()));
  auto second = SyncWait(authority_->Renew(request, In()));
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(Equal(first->certificate.der(), second->certificate.der()));
  EXPECT_EQ(ledger_.record_count(), 2u);
}

}  // namespace
}  // namespace mayfly::issuance
