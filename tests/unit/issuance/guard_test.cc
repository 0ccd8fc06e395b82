// Keys that sign wrongly, or are gone: no wrong signature leaves, its record is abandoned, and the
// request is decided again, by another place or issuer where there is one.
#include "tests/unit/issuance/issuance_fixture.h"

namespace mayfly::issuance {
namespace {

using Does = fakes::PlacedSigner::Does;
using signing::PlaceState;

constexpr IssuerId kSecond{2};

std::string WithIssuers(const std::string& list) {
  std::string policy = kPolicy;
  return policy.replace(policy.find("lifetime ="), 0, "issuers = [" + list + "]\n");
}

class Guard : public IssuanceTest {
 protected:
  Guard() {
    for (const char* uri : {"a", "b"}) placed_.Put(uri, pair_);
    placed_.Put("second", second_pair_);
    first_ = MakePlaced(IssuerId{1}, "issuing-1", {"a", "b"}, pair_);
    second_ = MakePlaced(kSecond, "issuing-2", {"second"}, second_pair_);
    authority_ = MakeAuthority({first_, second_});
  }
  // Of the key pair, in those places.
  std::shared_ptr<const Issuer> MakePlaced(IssuerId id, const std::string& name,
                                           std::vector<std::string> uris,
                                           const fakes::MemoryKey& pair) {
    const x509::Certificate certificate =
        SelfSigned(pair.spki(), name, [&](ByteSpan tbs) { return pair.Sign(tbs); });
    auto key = signing_.MakeKey({name, KeyUse::kIssuing, std::move(uris), pair.spki()}, placed_,
                                clock_, random_);
    return std::make_shared<const Issuer>(
        IssuerParts{id, name, key, certificate, {ToBytes(certificate.der())}, {}, {}, {}});
  }
  void Pool(const std::string& list) {
    Activate(WithIssuers(list).c_str());
    ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  }
  IssueRequest RequestWithId() {
    IssueRequest request = Request();
    request.request_id = NewId();
    return request;
  }
  static void ExpectOf(const Issuer& issuer, const Result<IssuedCertificate>& issued) {
    ASSERT_TRUE(issued) << Describe(issued.error(), ErrorText::kForLog);
    EXPECT_EQ(issued->facts.key.issuer, issuer.id());
    EXPECT_TRUE(issued->certificate.VerifySignedBy(issuer.key()));
  }
  size_t Abandoned() { return ledger_.abandoned_count(); }

  fakes::MemoryKey pair_, second_pair_;
  fakes::PlacedSigner placed_{signing_.timer, signing_.executor};
  std::shared_ptr<const Issuer> first_, second_;
};

TEST_F(Guard, AWrongSignatureIsAbandonedAndSignedInAnotherPlace) {
  placed_.Tell("a", Does::kFlipsABit);
  for (const IssueRequest& request : {RequestWithId(), Request(), RequestWithId()}) {
    ExpectOf(*first_, Issue(request));
  }
  EXPECT_EQ(ledger_.record_count(), 4u);
  EXPECT_EQ(Abandoned(), 1u);
  EXPECT_EQ(placed_.JobsAt("a").size(), 1u);
  EXPECT_EQ(first_->Standing(), PlaceState::kInService);
}

TEST_F(Guard, WhereNothingElseSignsItIsSaidAtOnceAndNothingIsRecorded) {
  for (const char* uri : {"a", "b"}) placed_.Tell(uri, Does::kFlipsABit);
  const IssueRequest request = RequestWithId();
  const auto refused = Issue(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kSignerUnavailable);
  EXPECT_EQ(refused.error().rule, "signer.quarantined");
  EXPECT_EQ(ledger_.record_count(), 2u);
  EXPECT_EQ(Abandoned(), 2u);
  EXPECT_EQ(Issue(Request()).error().rule, "signer.quarantined");
  EXPECT_EQ(ledger_.record_count(), 2u);
  EXPECT_TRUE(Denials().empty()) << "nobody was denied anything";
}

TEST_F(Guard, APoolGoesOnWithTheNextIssuer) {
  Pool("\"issuing-1\", \"issuing-2\"");
  ExpectOf(*first_, Issue(Request()));
  for (const char* uri : {"a", "b"}) placed_.Tell(uri, Does::kFlipsABit);
  ExpectOf(*second_, Issue(RequestWithId()));
  ExpectOf(*second_, Issue(Request()));
}

TEST_F(Guard, APoolGoesOnWhereAKeyIsOutAndComesBackToIt) {
  Pool("\"issuing-1\", \"issuing-2\"");
  for (const char* uri : {"a", "b"}) placed_.Tell(uri, Does::kIsAway);
  ExpectOf(*second_, Issue(RequestWithId()));
  EXPECT_EQ(Abandoned(), 1u);
  EXPECT_EQ(first_->Standing(), PlaceState::kOut);
  ExpectOf(*second_, Issue(Request()));
  EXPECT_EQ(ledger_.record_count(), 3u) << "one in vain";

  placed_.Tell("second", Does::kIsAway);
  const auto refused = SyncWait(authority_->Issue(Request(), In(Seconds(1))));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kSignerUnavailable);
  for (const char* uri : {"a", "b"}) placed_.Tell(uri, Does::kSigns);
  ExpectOf(*first_, Issue(Request()));
}

TEST_F(Guard, APoolsMemberThatCannotServeIsPassedOver) {
  const auto absent = WithIssuers("\"issuing-3\", \"issuing-2\"");
  Activate(absent.c_str());
  ASSERT_TRUE(SyncWait(basis_->Refresh(In())));
  ExpectOf(*second_, Issue(Request()));
  const auto told = SyncWait(authority_->Explain({Request(), std::nullopt}, In()));
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->findings.empty());
  ASSERT_EQ(told->warnings.size(), 1u);
  EXPECT_EQ(told->warnings[0].rule, "signer.key-out");
  EXPECT_TRUE(authority_->KeyTrouble());
  placed_.Tell("second", Does::kFlipsABit);
  EXPECT_FALSE(Issue(Request()));
  EXPECT_EQ(authority_->KeyTrouble().error().rule, "signer.quarantined");
}

TEST_F(Guard, WhatTheQuarantinedIssuerBeganIsMadeAnew) {
  Pool("\"issuing-1\", \"issuing-2\"");
  for (const char* uri : {"a", "b"}) placed_.Tell(uri, Does::kRefuses);
  const IssueRequest request = RequestWithId();
  ASSERT_FALSE(Issue(request));
  for (const char* uri : {"a", "b"}) placed_.Tell(uri, Does::kFlipsABit);
  ExpectOf(*second_, Issue(request));
  const auto again = Issue(request);
  ExpectOf(*second_, again);
}

}  // namespace
}  // namespace mayfly::issuance
