#include "signing/signing_key.h"

#include <gtest/gtest.h>

#include "tests/fakes/signing_parts.h"

namespace mayfly::signing {
namespace {

using Does = fakes::PlacedSigner::Does;

const Bytes kMessage = {0x30, 0x00};

class SigningKeyTest : public testing::Test {
 protected:
  SigningKeyTest() {
    signer_.Put("a", pair_);
    signer_.Put("b", pair_);
  }
  std::shared_ptr<SigningKey> Key(std::vector<std::string> uris = {"a", "b"}) {
    return parts_.MakeKey({"issuing-1", KeyUse::kIssuing, std::move(uris), pair_.spki()}, signer_,
                          clock_, random_);
  }
  BootTime In(Milliseconds time) const { return clock_.BootNow() + time; }
  Result<Bytes> Sign(SigningKey& key, SignPurpose purpose = SignPurpose::kCertificate,
                     Patience patience = Patience::kUntilDeadline,
                     Milliseconds time = Milliseconds(5000)) {
    return SyncWait(key.Sign(purpose, kMessage, In(time), patience));
  }
  void ExpectGood(const Result<Bytes>& signature) const {
    ASSERT_TRUE(signature) << Describe(signature.error(), ErrorText::kForLog);
    EXPECT_TRUE(x509::VerifySignature(pair_.spki(), x509::SignatureAlgorithm::kEcdsaSha256,
                                      kMessage, *signature));
  }
  void TakeOut(SigningKey& key) {
    for (int i = 0; i < kFailuresInARowMax; ++i) {
      Sign(key, SignPurpose::kCrl, Patience::kEachPlaceOnce).has_value();
    }
  }
  static PlaceState StateOf(const SigningKey& key, size_t place) {
    return key.StandingOf(place).state;
  }

  SystemClock clock_;
  SystemRandom random_;
  fakes::SigningParts parts_;
  fakes::MemoryKey pair_, other_pair_;
  fakes::PlacedSigner signer_{parts_.timer, parts_.executor};
};

TEST_F(SigningKeyTest, PlacesSignInTurn) {
  const auto key = Key();
  for (int i = 0; i < 4; ++i) ExpectGood(Sign(*key));
  EXPECT_EQ(signer_.JobsAt("a").size(), 2u);
  EXPECT_EQ(signer_.JobsAt("b").size(), 2u);
}

TEST_F(SigningKeyTest, WhereOnePlaceFailsTheSameJobGoesToAnother) {
  for (Does does : {Does::kIsAway, Does::kMayHaveSigned}) {
    signer_.Tell("a", does);
    const auto key = Key();
    ExpectGood(Sign(*key));
    EXPECT_EQ(signer_.JobsAt("a").back().id, signer_.JobsAt("b").back().id);
    for (int i = 0; i < 8; ++i) ExpectGood(Sign(*key));
    EXPECT_EQ(StateOf(*key, 0), PlaceState::kOut);
    EXPECT_EQ(key->Standing(), PlaceState::kInService);
    EXPECT_TRUE(key->Trouble());
  }
  EXPECT_EQ(signer_.JobsAt("a").size(), 2u * kFailuresInARowMax) << "then it was left alone";
}

TEST_F(SigningKeyTest, APlaceThatHangsLeavesTimeForAnother) {
  signer_.Tell("a", Does::kHangs);
  const auto key = Key();
  const BootTime begun = clock_.BootNow();
  ExpectGood(Sign(*key));
  EXPECT_LT(clock_.BootNow() - begun, kTryMax + Milliseconds(1500));
}

TEST_F(SigningKeyTest, TheOnlyPlaceIsAskedAgainUntilTheDeadline) {
  signer_.Tell("a", Does::kIsAway);
  const auto key = Key({"a"});
  parts_.timer.At(In(Milliseconds(300)), [this] { signer_.Tell("a", Does::kSigns); });
  ExpectGood(Sign(*key));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kInService);
  EXPECT_GT(signer_.JobsAt("a").size(), static_cast<size_t>(kFailuresInARowMax));
  for (const SignJob& job : signer_.JobsAt("a")) EXPECT_EQ(job.id, signer_.JobsAt("a")[0].id);
}

TEST_F(SigningKeyTest, PatienceEndsAsItIsTold) {
  signer_.Tell("a", Does::kIsAway);
  signer_.Tell("b", Does::kIsAway);
  EXPECT_EQ(Sign(*Key(), SignPurpose::kOcsp, Patience::kEachPlaceOnce).error().rule, "signer.away");
  EXPECT_EQ(signer_.JobsAt("a").size() + signer_.JobsAt("b").size(), 2u);
  const auto key = Key();
  const BootTime begun = clock_.BootNow();
  EXPECT_FALSE(Sign(*key, SignPurpose::kCertificate, Patience::kWhileInService));
  EXPECT_LT(clock_.BootNow() - begun, Milliseconds(2000));
  EXPECT_EQ(key->Standing(), PlaceState::kOut);
  EXPECT_EQ(key->Trouble().error().rule, "signer.key-out");
  EXPECT_FALSE(Sign(*key, SignPurpose::kCertificate, Patience::kUntilDeadline, Milliseconds(200)));
}

TEST_F(SigningKeyTest, AFullQueueTakesNoPlaceOut) {
  signer_.Tell("a", Does::kIsFull);
  const auto key = Key({"a"});
  EXPECT_EQ(Sign(*key, SignPurpose::kCertificate, Patience::kUntilDeadline, Milliseconds(400))
                .error()
                .code,
            ErrorCode::kOverloaded);
  EXPECT_EQ(key->Standing(), PlaceState::kInService);
}

TEST_F(SigningKeyTest, AJobThatIsRefusedIsNotTriedElsewhere) {
  signer_.Tell("a", Does::kRefuses);
  const auto key = Key();
  EXPECT_EQ(Sign(*key).error().rule, "signer.message");
  EXPECT_TRUE(signer_.JobsAt("b").empty());
  EXPECT_EQ(key->Standing(), PlaceState::kInService);
}

TEST_F(SigningKeyTest, AWrongSignatureIsNotReleasedAndQuarantinesItsPlace) {
  signer_.Tell("a", Does::kFlipsABit);
  const auto key = Key();
  const auto wrong = Sign(*key);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kSignatureInvalid);
  EXPECT_EQ(wrong.error().rule, "signer.wrong-signature");
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined);
  EXPECT_EQ(parts_.quarantine.size(), 1u);
  ASSERT_EQ(parts_.changes().size(), 1u);
  EXPECT_EQ(parts_.changes()[0].now.uri, "a");
  EXPECT_EQ(parts_.changes()[0].now.why->rule, "signer.wrong-signature");
  signer_.Tell("a", Does::kSigns);
  for (int i = 0; i < 4; ++i) ExpectGood(Sign(*key));
  EXPECT_EQ(signer_.JobsAt("a").size(), 1u) << "not asked again";
}

TEST_F(SigningKeyTest, WhatIsNoCertificateIsSignedElsewhereAtOnce) {
  signer_.Tell("a", Does::kFlipsABit);
  const auto key = Key();
  ExpectGood(Sign(*key, SignPurpose::kOcsp, Patience::kEachPlaceOnce));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined);
}

TEST_F(SigningKeyTest, WhereEveryPlaceIsQuarantinedItSaysSoAtOnce) {
  signer_.Tell("a", Does::kFlipsABit);
  const auto key = Key({"a"});
  EXPECT_FALSE(Sign(*key));
  const BootTime begun = clock_.BootNow();
  const auto refused = Sign(*key);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kSignerUnavailable);
  EXPECT_EQ(refused.error().rule, "signer.quarantined");
  EXPECT_LT(clock_.BootNow() - begun, Milliseconds(1000));
  EXPECT_EQ(key->Trouble().error().rule, "signer.quarantined");
}

TEST_F(SigningKeyTest, QuarantineOutlivesTheProcessUntilAnOperatorEndsIt) {
  signer_.Tell("a", Does::kFlipsABit);
  EXPECT_FALSE(Sign(*Key()));
  signer_.Tell("a", Does::kSigns);
  const auto key = Key();
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined);
  EXPECT_TRUE(SyncWait(key->Tend()));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined);
  EXPECT_EQ(signer_.JobsAt("a").size(), 1u) << "nor a canary";
  parts_.quarantine.Clear();
  EXPECT_TRUE(SyncWait(key->Tend()));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kInService) << "a canary proved it";
  EXPECT_EQ(signer_.JobsAt("a").back().purpose, SignPurpose::kCanary);
}

TEST_F(SigningKeyTest, ANoteThatCouldNotBeWrittenIsWrittenLater) {
  signer_.Tell("a", Does::kFlipsABit);
  parts_.quarantine.SetFull(true);
  const auto key = Key();
  EXPECT_FALSE(Sign(*key));
  EXPECT_EQ(SyncWait(key->Tend()).error().rule, "key.quarantine-note");
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined) << "not taken for cleared";
  parts_.quarantine.SetFull(false);
  EXPECT_TRUE(SyncWait(key->Tend()));
  EXPECT_EQ(parts_.quarantine.size(), 1u);
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined);
}

TEST_F(SigningKeyTest, ANoteThatCannotBeReadKeepsThePlaceFromSigning) {
  parts_.quarantine.SetUnreadable(true);
  const auto key = Key();
  EXPECT_EQ(Sign(*key).error().rule, "signer.quarantined");
  parts_.quarantine.SetUnreadable(false);
  EXPECT_TRUE(SyncWait(key->Tend()));
  ExpectGood(Sign(*key));
}

TEST_F(SigningKeyTest, AnotherKeyQuarantinesItsPlace) {
  signer_.Put("a", other_pair_);
  const auto key = Key();
  ExpectGood(Sign(*key));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined);
  EXPECT_EQ(key->StandingOf(0).why->rule, "signer.key-mismatch");
}

TEST_F(SigningKeyTest, AtStartThePlacesHoldTheCertifiedKey) {
  EXPECT_TRUE(SyncWait(Key()->Match(In(Seconds(5)))));
  signer_.Put("a", other_pair_);
  const auto one_is_right = Key();
  EXPECT_TRUE(SyncWait(one_is_right->Match(In(Seconds(5)))));
  EXPECT_EQ(StateOf(*one_is_right, 0), PlaceState::kQuarantined);
  EXPECT_EQ(parts_.quarantine.size(), 1u);
  parts_.quarantine.Clear();

  const auto none_is_right = SyncWait(Key({"a"})->Match(In(Seconds(5))));
  ASSERT_FALSE(none_is_right);
  EXPECT_EQ(none_is_right.error().code, ErrorCode::kConfiguration);
  EXPECT_EQ(none_is_right.error().rule, "key.mismatch");
  EXPECT_NE(none_is_right.error().message.find(ToHex(pair_.spki().hash())), std::string::npos);
  EXPECT_NE(none_is_right.error().message.find(ToHex(other_pair_.spki().hash())),
            std::string::npos);
  EXPECT_EQ(parts_.quarantine.size(), 0u);

  signer_.Tell("b", Does::kIsAway);
  const auto away = Key({"b"});
  EXPECT_TRUE(SyncWait(away->Match(In(Seconds(5))))) << "it may come";
  EXPECT_EQ(away->Standing(), PlaceState::kOut);
}

TEST_F(SigningKeyTest, EveryPlaceSignsARecordedCanary) {
  const auto key = Key();
  EXPECT_TRUE(SyncWait(key->Tend()));
  EXPECT_TRUE(SyncWait(key->Tend())) << "and the next in a minute";
  for (const char* uri : {"a", "b"}) {
    ASSERT_EQ(signer_.JobsAt(uri).size(), 1u);
    EXPECT_EQ(signer_.JobsAt(uri)[0].purpose, SignPurpose::kCanary);
    EXPECT_TRUE(parts_.canaries.Has(signer_.JobsAt(uri)[0].message));
  }
  EXPECT_EQ(parts_.canaries.size(), 2u);
}

TEST_F(SigningKeyTest, ACanaryThatCannotBeRecordedIsNotSigned) {
  parts_.canaries.SetDown(true);
  const auto key = Key();
  EXPECT_EQ(SyncWait(key->Tend()).error().rule, "store.down");
  EXPECT_TRUE(signer_.JobsAt("a").empty());
  EXPECT_EQ(SyncWait(key->Prove(In(Seconds(1)))).error().rule, "store.down");
  EXPECT_EQ(key->Standing(), PlaceState::kInService) << "that is not the key's fault";
}

TEST_F(SigningKeyTest, ACanaryFindsAWrongSignatureAndAPlaceThatIsAway) {
  signer_.Tell("a", Does::kFlipsABit);
  signer_.Tell("b", Does::kIsAway);
  const auto key = Key();
  EXPECT_TRUE(SyncWait(key->Tend()));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined);
  EXPECT_EQ(StateOf(*key, 1), PlaceState::kOut);
  EXPECT_EQ(parts_.canaries.size(), 1u) << "none for a place that is not there";
}

TEST_F(SigningKeyTest, APlaceReturnsByACanary) {
  const auto key = Key();
  signer_.Tell("a", Does::kIsAway);
  TakeOut(*key);
  ASSERT_EQ(StateOf(*key, 0), PlaceState::kOut);
  signer_.Tell("a", Does::kSigns);
  EXPECT_TRUE(SyncWait(key->Tend()));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kOut) << "not at once";
  std::this_thread::sleep_for(kOutMin);
  EXPECT_TRUE(SyncWait(key->Tend()));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kInService);
  EXPECT_EQ(signer_.JobsAt("a").back().purpose, SignPurpose::kCanary);
}

TEST_F(SigningKeyTest, WithoutACertificateTheFirstPlaceThatAnswersSaysWhichKeyItIs) {
  signer_.Tell("a", Does::kIsAway);
  const auto key =
      parts_.MakeKey({"audit", KeyUse::kAudit, {"a", "b"}, {}}, signer_, clock_, random_);
  EXPECT_FALSE(key->Known());
  const auto found = SyncWait(key->PublicKey(In(Seconds(5))));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->hash(), pair_.spki().hash());
  EXPECT_TRUE(key->Known());
  signer_.Put("a", other_pair_);
  EXPECT_TRUE(SyncWait(key->Match(In(Seconds(5)))));
  EXPECT_EQ(StateOf(*key, 0), PlaceState::kQuarantined);
}

TEST_F(SigningKeyTest, AProofIsACanaryWithItsSignature) {
  const auto proof = SyncWait(Key()->Prove(In(Seconds(5))));
  ASSERT_TRUE(proof);
  EXPECT_TRUE(AsText(proof->challenge).starts_with(kCanaryPrefix));
  EXPECT_TRUE(parts_.canaries.Has(proof->challenge));
  EXPECT_TRUE(
      x509::VerifySignature(pair_.spki(), proof->algorithm, proof->challenge, proof->signature));
}

}  // namespace
}  // namespace mayfly::signing
