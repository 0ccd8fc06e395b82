#include "ocsp/responder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/fakes/responder_world.h"

namespace mayfly::ocsp {
namespace {

using fakes::GoldenKey;
using fakes::ResponderWorld;
using Standing = LedgerStatus::Standing;

std::string Say(const Answer& answer) {
  Result<ParsedResponse> parsed = ParsedResponse::FromDer(answer.der);
  if (!parsed) return "unreadable: " + parsed.error().rule;
  switch (parsed->status) {
    case ResponseStatus::kMalformedRequest:
      return "malformedRequest";
    case ResponseStatus::kInternalError:
      return "internalError";
    case ResponseStatus::kTryLater:
      return "tryLater";
    case ResponseStatus::kUnauthorized:
      return "unauthorized";
    case ResponseStatus::kSuccessful:
      break;
  }
  const CertStatus& status = parsed->basic->data.status;
  if (std::holds_alternative<GoodStatus>(status)) return "good";
  return std::holds_alternative<RevokedStatus>(status) ? "revoked" : "unknown";
}

struct ResponderTest : testing::Test, ResponderWorld {};

TEST_F(ResponderTest, GoodIsSignedByTheDelegateForAnHour) {
  Answer answer = Ask("sha1.der");
  ASSERT_EQ(Say(answer), "good");
  ParsedResponse::Basic basic = *ParsedResponse::FromDer(answer.der)->basic;
  x509::Certificate delegate = fakes::OcspGoldenCertificate("delegate.pem");
  const x509::SubjectPublicKeyInfo& key = delegate.tbs().fields().public_key;
  EXPECT_TRUE(x509::VerifySignature(key, basic.algorithm, basic.response_data, basic.signature));
  ASSERT_EQ(basic.certificates.size(), 1u);
  EXPECT_TRUE(Equal(basic.certificates[0], delegate.der()));
  EXPECT_EQ(basic.data.responder_key_hash, key.key_identifier());
  EXPECT_EQ(basic.data.this_update, clock.Now());
  EXPECT_EQ(basic.data.next_update, clock.Now() + fakes::kGoldenAnswerLife);
  EXPECT_EQ(basic.data.cert_id.form, CertIdForm::kSha1WithNull);
  EXPECT_EQ(basic.data.cert_id.serial, fakes::GoldenSerial());
  EXPECT_FALSE(basic.data.nonce);
  ASSERT_TRUE(answer.cache);
  EXPECT_EQ(answer.cache->next_update, basic.data.next_update);
  EXPECT_EQ(signer.jobs().at(0).purpose, SignPurpose::kOcsp);
}

TEST_F(ResponderTest, ProgramsOfOthersAccept) {
  std::string golden = std::string(MAYFLY_SOURCE_DIR) + "/tests/golden/ocsp/";
  std::string out = testing::TempDir() + "answer-" + std::to_string(getpid()) + ".der";
  auto accepted = [&](const std::string& request, const std::string& word) {
    Bytes der = Ask(request).der;
    std::ofstream(out, std::ios::binary).write(reinterpret_cast<char*>(der.data()), der.size());
    std::string openssl = "openssl ocsp -reqin " + golden + request + " -respin " + out +
                          " -CAfile " + golden + "root.pem -issuer " + golden + "issuer.pem " +
                          "-no_nonce -serial 0x210190a1b2c3d4000102030405060708090a0b0c >" + out +
                          ".txt 2>&1";
    EXPECT_EQ(std::system(openssl.c_str()), 0);
    std::string text = fakes::ReadFile(out + ".txt");
    EXPECT_NE(text.find("Response verify OK"), std::string::npos) << text;
    EXPECT_NE(text.find(": " + word), std::string::npos) << text;
    EXPECT_EQ(text.find("WARNING"), std::string::npos) << text;
    std::string gnutls = "ocsptool --verify-response --load-chain " + golden +
                         "issuer.pem --load-response " + out + " >" + out + ".txt 2>&1 </dev/null";
    EXPECT_EQ(std::system(gnutls.c_str()), 0) << fakes::ReadFile(out + ".txt");
  };
  accepted("sha1.der", "good");
  accepted("nonce.der", "good");
  memory.Apply({GoldenRevocation()});
  accepted("sha1.der", "revoked");
  accepted("nonce.der", "revoked");
  std::filesystem::remove(out);
  std::filesystem::remove(out + ".txt");
}

TEST_F(ResponderTest, StandingsBecomeStatuses) {
  PutStanding(Standing::kIntent);
  EXPECT_EQ(Say(Ask("sha1.der")), "tryLater");
  PutStanding(Standing::kAbandoned);
  EXPECT_EQ(Say(Ask("sha1.der")), "unknown");
  PutStanding(Standing::kAbsent);
  Answer unknown = Ask("sha1.der");
  EXPECT_EQ(Say(unknown), "unknown");
  EXPECT_FALSE(unknown.cache);
  // Nothing of that was kept.
  PutStanding(Standing::kIssued);
  EXPECT_EQ(Say(Ask("sha1.der")), "good");
}

TEST_F(ResponderTest, ForeignIssuersAndHashesAreUnauthorized) {
  EXPECT_EQ(Say(Ask("not_ours.der")), "unauthorized");
  EXPECT_EQ(Say(Ask("sha384.der")), "unauthorized");
  EXPECT_EQ(Say(Ask("two.der")), "malformedRequest");
  // The name hash of one issuer with the key hash of another.
  Bytes mixed = fakes::OcspGoldenDer("sha1.der");
  x509::Certificate other = fakes::OcspGoldenCertificate("other.pem");
  Hash160 ours = x509::Sha1(Issuers()[0].key.key_bits());
  Hash160 theirs = x509::Sha1(other.tbs().fields().public_key.key_bits());
  auto at = std::search(mixed.begin(), mixed.end(), ours.begin(), ours.end());
  ASSERT_NE(at, mixed.end());
  std::copy(theirs.begin(), theirs.end(), at);
  EXPECT_EQ(Say(SyncWait(responder.Respond(mixed))), "unauthorized");
  EXPECT_TRUE(signer.jobs().empty());
}

TEST_F(ResponderTest, NeverAnswersNothing) {
  Bytes whole = fakes::OcspGoldenDer("nonce.der");
  for (size_t size = 0; size < whole.size(); ++size) {
    Bytes prefix(whole.begin(), whole.begin() + static_cast<long>(size));
    EXPECT_EQ(Say(SyncWait(responder.Respond(prefix))), "malformedRequest") << size;
  }
  EXPECT_EQ(Say(SyncWait(responder.Respond(Bytes(64 * 1024, 0x30)))), "malformedRequest");
}

TEST_F(ResponderTest, NonceIsEchoedAndSignedAlone) {
  Answer first = Ask("nonce.der"), second = Ask("nonce.der");
  EXPECT_EQ(signer.jobs().size(), 2u);
  std::optional<Bytes> asked =
      OcspRequest::FromDer(fakes::OcspGoldenDer("nonce.der"))->echoed_nonce();
  EXPECT_EQ(ParsedResponse::FromDer(first.der)->basic->data.nonce, asked);
  EXPECT_FALSE(ParsedResponse::FromDer(Ask("sha1.der").der)->basic->data.nonce);
}

TEST_F(ResponderTest, UnderALeaseGoodNeedsTheDatabaseOnce) {
  ASSERT_EQ(Say(Ask("sha1.der")), "good");
  source.SetDown(true);
  Answer answer = Ask("nonce.der");
  EXPECT_EQ(Say(answer), "good");
  EXPECT_TRUE(ParsedResponse::FromDer(answer.der)->basic->data.nonce) << "signed anew";
  EXPECT_EQ(Say(Ask("sha256.der")), "good");
  memory.EndLease();
  EXPECT_EQ(Say(Ask("nonce.der")), "tryLater");
}

TEST_F(ResponderTest, NonceIsLeftOutWhereNothingCanBeSigned) {
  Answer cached = Ask("sha1.der");
  signer.failure = SignResult::Outcome::kNotSigned;
  EXPECT_EQ(Ask("nonce.der").der, cached.der);
}

TEST_F(ResponderTest, CachesUntilHalfOfItsLife) {
  Answer first = Ask("sha1.der");
  clock.Advance(fakes::kGoldenAnswerLife / 2 - Seconds(1));
  EXPECT_EQ(Ask("sha1.der").der, first.der);
  clock.Advance(Seconds(1));
  EXPECT_NE(Ask("sha1.der").der, first.der);
  EXPECT_EQ(signer.jobs().size(), 2u);
}

TEST_F(ResponderTest, RevocationKillsBothHashes) {
  ASSERT_EQ(Say(Ask("sha1.der")), "good");
  ASSERT_EQ(Say(Ask("sha256.der")), "good");
  memory.Apply({GoldenRevocation()});
  source.SetDown(true);  // a revoked answer needs no database
  EXPECT_EQ(Say(Ask("sha1.der")), "revoked");
  EXPECT_EQ(Say(Ask("sha256.der")), "revoked");
  ParsedResponse::Basic basic = *ParsedResponse::FromDer(Ask("sha1.der").der)->basic;
  RevokedStatus expected{GoldenRevocation().revoked_at, RevocationReason::kKeyCompromise};
  EXPECT_EQ(std::get<RevokedStatus>(basic.data.status), expected);
  EXPECT_EQ(signer.jobs().size(), 4u);  // the revoked ones were cached too
}

TEST_F(ResponderTest, RevocationSeenInTheLedgerFirstIsRemembered) {
  source.Put(GoldenKey(), {Standing::kIssued, GoldenRevocation(), clock.Now(), clock.Now()});
  EXPECT_EQ(Say(Ask("sha1.der")), "revoked");
  source.SetDown(true);
  EXPECT_EQ(Say(Ask("sha256.der")), "revoked");
  EXPECT_EQ(memory.applied(), 0u);  // it was not the keeper who brought it
}

TEST_F(ResponderTest, WithoutALeaseRevokedStaysRevokedAndAllElseIsTryLater) {
  ASSERT_EQ(Say(Ask("sha1.der")), "good");
  memory.EndLease();
  EXPECT_EQ(Say(Ask("sha1.der")), "tryLater");  // cached or not
  PutStanding(Standing::kAbandoned);
  EXPECT_EQ(Say(Ask("sha256.der")), "tryLater");
  memory.Apply({GoldenRevocation()});
  EXPECT_EQ(Say(Ask("sha1.der")), "revoked");
}

TEST_F(ResponderTest, LeaseMustCoverTheSigning) {
  memory.RenewLease(clock.BootNow() + kSigningTimeMin - Milliseconds(1));
  EXPECT_EQ(Say(Ask("sha1.der")), "tryLater");
  EXPECT_TRUE(signer.jobs().empty());
  BootTime end = clock.BootNow() + kSigningTimeMin;
  memory.RenewLease(end);
  EXPECT_EQ(Say(Ask("sha1.der")), "good");
  EXPECT_EQ(signer.jobs().at(0).deadline, end);
  memory.ClearCache();
  memory.RenewLease(clock.BootNow() + Seconds(60));
  EXPECT_EQ(Say(Ask("sha1.der")), "good");
  EXPECT_EQ(signer.jobs().at(1).deadline, clock.BootNow() + Milliseconds(3000));
}

TEST_F(ResponderTest, LeaseThatEndsDuringSigningReleasesNothing) {
  memory.RenewLease(clock.BootNow() + Seconds(10));
  signer.Hold();
  Answer answer;
  std::thread asking([&] { answer = Ask("sha1.der"); });
  signer.AwaitHeld();
  clock.Advance(Seconds(10));
  signer.LetGo();
  asking.join();
  EXPECT_EQ(Say(answer), "tryLater");
  memory.RenewLease(clock.BootNow() + Seconds(10));
  ASSERT_EQ(Say(Ask("sha1.der")), "good");
  EXPECT_EQ(signer.jobs().size(), 2u);  // nor was it cached
}

TEST_F(ResponderTest, RevokedDuringSigningIsNeverGood) {
  signer.Hold();
  Answer answer;
  std::thread asking([&] { answer = Ask("sha1.der"); });
  signer.AwaitHeld();
  memory.Apply({GoldenRevocation()});
  signer.LetGo();
  asking.join();
  EXPECT_EQ(Say(answer), "revoked");
  EXPECT_EQ(Say(Ask("sha1.der")), "revoked");
}

TEST_F(ResponderTest, SignersFailures) {
  signer.corrupt = true;
  EXPECT_EQ(Say(Ask("sha1.der")), "tryLater");
  signer.corrupt = false;
  EXPECT_EQ(Say(Ask("sha1.der")), "tryLater") << "the key is quarantined";
  EXPECT_EQ(signer.jobs().size(), 1u);
  parts.quarantine.Clear();
  ASSERT_TRUE(responder.SetDelegate(fakes::kGoldenIssuer, GoldenDelegate("delegate.pem")));
  for (auto outcome : {SignResult::Outcome::kNotSigned, SignResult::Outcome::kMayHaveBeenSigned}) {
    signer.failure = outcome;
    EXPECT_EQ(Say(Ask("sha1.der")), "tryLater");
  }
  signer.failure = SignResult::Outcome::kRefused;
  EXPECT_EQ(Say(Ask("sha1.der")), "tryLater");
  signer.failure.reset();
  EXPECT_EQ(Say(Ask("sha1.der")), "good");
}

TEST_F(ResponderTest, LiveAnswersAreLimited) {
  signer.Hold();
  std::vector<std::thread> asking;
  for (size_t i = 0; i < kLiveAnswersMax; ++i) asking.emplace_back([&] { Ask("nonce.der"); });
  signer.AwaitHeld(kLiveAnswersMax);
  EXPECT_EQ(Say(Ask("nonce.der")), "tryLater");
  signer.LetGo();
  for (std::thread& thread : asking) thread.join();
  EXPECT_EQ(Say(Ask("nonce.der")), "good");
}

TEST_F(ResponderTest, DelegatesAreChecked) {
  EXPECT_TRUE(responder.Ready());
  EXPECT_EQ(responder.SetDelegate(IssuerId{99}, GoldenDelegate("delegate.pem")).error().rule,
            "ocsp.issuer");
  for (const char* wrong : {"foreign.pem", "leaf.pem", "issuer.pem"}) {
    EXPECT_EQ(responder.SetDelegate(fakes::kGoldenIssuer, GoldenDelegate(wrong)).error().rule,
              "ocsp.delegate")
        << wrong;
  }
  EXPECT_FALSE(
      responder.SetDelegate(fakes::kGoldenIssuer, GoldenDelegate("delegate.pem", "issuer.pem")));
}

TEST_F(ResponderTest, NoDelegateNoAnswer) {
  Responder bare({Issuers(), clock, source, memory, {}});
  EXPECT_EQ(bare.Ready().error().rule, "ocsp.no-delegate");
  EXPECT_EQ(Say(SyncWait(bare.Respond(fakes::OcspGoldenDer("sha1.der")))), "tryLater");
}

TEST_F(ResponderTest, Staples) {
  BootTime deadline = clock.BootNow() + Seconds(1);
  std::optional<Bytes> staple = SyncWait(responder.Staple(GoldenKey(), deadline));
  ASSERT_TRUE(staple);
  EXPECT_EQ(*staple, Ask("sha1.der").der);
  signer.failure = SignResult::Outcome::kNotSigned;
  memory.ClearCache();
  EXPECT_FALSE(SyncWait(responder.Staple(GoldenKey(), deadline)));
  EXPECT_FALSE(SyncWait(responder.Staple({fakes::GoldenSerial(), IssuerId{99}}, deadline)));
}

TEST(ResponseStatus, ErrorsHaveOneTable) {
  EXPECT_EQ(ResponseStatusFor(ErrorCode::kBadDer), ResponseStatus::kMalformedRequest);
  EXPECT_EQ(ResponseStatusFor(ErrorCode::kNotFound), ResponseStatus::kUnauthorized);
  EXPECT_EQ(ResponseStatusFor(ErrorCode::kStoreUnavailable), ResponseStatus::kTryLater);
  EXPECT_EQ(ResponseStatusFor(ErrorCode::kInternal), ResponseStatus::kInternalError);
}

}  // namespace
}  // namespace mayfly::ocsp
