// What every Signer must do. A fixture gives the signer and its keys; the suite asks.
//
//   struct MyFixture { MyFixture(); Signer& signer(); static constexpr hsm::KeyKind kind();
//                      std::string key_uri(), other_uri(), absent_uri(), foreign_uri(); };
//
// The key at key_uri() is of kind() and signs; the one at other_uri() is of another kind and does
// not, for a TPM has room for few keys at once.
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, SignerContract, MyFixture);
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>

#include "base/executor.h"
#include "base/system.h"
#include "der/writer.h"
#include "hsm/client/key_kind.h"
#include "ports/signer.h"
#include "x509/signature.h"

namespace mayfly::contract {

constexpr std::chrono::seconds kPlenty{20};

inline BootTime Soon(std::chrono::nanoseconds in = kPlenty) { return SystemClock().BootNow() + in; }

inline Bytes DerMessage(uint64_t number = 1) {
  der::Writer writer;
  writer.Sequence([&] { writer.SmallInteger(number); });
  return writer.Take();
}

inline Uuid NewId() {
  SystemRandom random;
  return Uuid::MakeV7(SystemClock().Now(), random);
}

template <class Fixture>
class SignerContract : public testing::Test {
 protected:
  using Outcome = SignResult::Outcome;

  // One for all tests of a suite: they leave the keys as they are, and some take long to make.
  static void SetUpTestSuite() { shared_fixture = std::make_unique<Fixture>(); }
  static void TearDownTestSuite() { shared_fixture.reset(); }

  x509::SubjectPublicKeyInfo KeyAt(const std::string& uri) {
    auto key = SyncWait(signer.PublicKey(uri, Soon()));
    EXPECT_TRUE(key) << Describe(key.error(), ErrorText::kForLog);
    return *key;
  }
  SignJob Job(const std::string& uri) {
    auto key = KeyAt(uri);
    return SignJob{NewId(),           SignPurpose::kCertificate,
                   {uri, key.hash()}, *x509::SignatureAlgorithmFor(key.type()),
                   DerMessage(),      Soon()};
  }
  SignResult Sign(SignJob job) { return SyncWait(signer.Sign(std::move(job))); }
  void ExpectSignedBy(const x509::SubjectPublicKeyInfo& key, SignJob job) {
    auto algorithm = job.algorithm;
    Bytes message = job.message;
    SignResult result = Sign(std::move(job));
    ASSERT_EQ(result.outcome, Outcome::kSigned) << Describe(result.error, ErrorText::kForLog);
    EXPECT_TRUE(x509::VerifySignature(key, algorithm, message, result.signature));
  }
  void ExpectRefused(SignJob job, const std::string& rule) {
    SignResult result = Sign(std::move(job));
    EXPECT_EQ(result.outcome, Outcome::kRefused);
    EXPECT_EQ(result.error.rule, rule);
  }

  static inline std::unique_ptr<Fixture> shared_fixture;
  Fixture& fixture = *shared_fixture;
  Signer& signer = fixture.signer();
};

TYPED_TEST_SUITE_P(SignerContract);

TYPED_TEST_P(SignerContract, Signs) {
  this->ExpectSignedBy(this->KeyAt(this->fixture.key_uri()), this->Job(this->fixture.key_uri()));
}

// r and s lose leading zeros and gain one for the sign in one of a few signatures.
TYPED_TEST_P(SignerContract, SignaturesOfAllLengthsVerify) {
  SignJob job = this->Job(this->fixture.key_uri());
  auto key = this->KeyAt(this->fixture.key_uri());
  for (uint64_t i = 0; i < 300; ++i) {
    job.id = NewId();
    job.message = DerMessage(i);
    job.deadline = Soon();
    this->ExpectSignedBy(key, job);
  }
}

TYPED_TEST_P(SignerContract, PublicKeyIsOfItsKind) {
  EXPECT_EQ(*hsm::KeyKindOf(this->KeyAt(this->fixture.key_uri())), this->fixture.kind());
}

TYPED_TEST_P(SignerContract, AbsentKeyIsNotFound) {
  auto key = SyncWait(this->signer.PublicKey(this->fixture.absent_uri(), Soon()));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(key.error().rule, "signer.key-not-found");
  SignJob job = this->Job(this->fixture.key_uri());
  job.key.uri = this->fixture.absent_uri();
  SignResult result = this->Sign(std::move(job));
  EXPECT_EQ(result.outcome, SignResult::Outcome::kNotSigned);
  EXPECT_EQ(result.error.rule, "signer.key-not-found");
}

TYPED_TEST_P(SignerContract, ForeignUriIsRefused) {
  SignJob job = this->Job(this->fixture.key_uri());
  job.key.uri = this->fixture.foreign_uri();
  this->ExpectRefused(std::move(job), "signer.key-not-served");
}

TYPED_TEST_P(SignerContract, AnotherKeyThanExpectedIsRefused) {
  SignJob job = this->Job(this->fixture.key_uri());
  job.key.spki_hash = this->KeyAt(this->fixture.other_uri()).hash();
  this->ExpectRefused(std::move(job), "signer.key-mismatch");
}

TYPED_TEST_P(SignerContract, AlgorithmOfTheOtherKeyIsRefused) {
  SignJob job = this->Job(this->fixture.key_uri());
  job.algorithm = this->Job(this->fixture.other_uri()).algorithm;
  this->ExpectRefused(std::move(job), "signer.algorithm");
}

TYPED_TEST_P(SignerContract, CanaryMessagesAndOthersAreKeptApart) {
  SignJob canary = this->Job(this->fixture.key_uri());
  canary.purpose = SignPurpose::kCanary;
  this->ExpectRefused(canary, "signer.canary");
  canary.message = ToBytes(AsBytes(std::string(kCanaryPrefix) + "1"));
  this->ExpectSignedBy(this->KeyAt(this->fixture.key_uri()), canary);
  canary.purpose = SignPurpose::kCertificate;
  this->ExpectRefused(canary, "signer.canary");
  canary.purpose = SignPurpose::kAudit;
  this->ExpectRefused(canary, "signer.canary");
}

TYPED_TEST_P(SignerContract, CertificateMessageIsOneDerSequence) {
  SignJob job = this->Job(this->fixture.key_uri());
  job.message = ToBytes(AsBytes("not DER"));
  this->ExpectRefused(job, "signer.message");
  job.message = DerMessage();
  job.message.push_back(0);
  this->ExpectRefused(job, "signer.message");
}

TYPED_TEST_P(SignerContract, MessageSizeHasALimit) {
  auto sequence_of = [](size_t total) {
    der::Writer writer;
    Bytes filling(total - 10);  // two headers of five octets each at this size
    writer.Sequence([&] { writer.OctetString(filling); });
    return writer.Take();
  };
  SignJob job = this->Job(this->fixture.key_uri());
  job.message = sequence_of(kSignMessageBytesMax);
  job.message = sequence_of(2 * kSignMessageBytesMax - job.message.size());
  ASSERT_EQ(job.message.size(), kSignMessageBytesMax);
  this->ExpectSignedBy(this->KeyAt(this->fixture.key_uri()), job);
  job.message = sequence_of(kSignMessageBytesMax + 1);
  job.message = sequence_of(2 * (kSignMessageBytesMax + 1) - job.message.size());
  ASSERT_EQ(job.message.size(), kSignMessageBytesMax + 1);
  this->ExpectRefused(job, "signer.message-size");
  job.message.clear();
  this->ExpectRefused(job, "signer.message-size");
}

TYPED_TEST_P(SignerContract, ExpiredDeadlineIsNotSigned) {
  SignJob job = this->Job(this->fixture.key_uri());
  job.deadline = Soon(-std::chrono::milliseconds(1));
  SignResult result = this->Sign(std::move(job));
  EXPECT_EQ(result.outcome, SignResult::Outcome::kNotSigned);
  EXPECT_EQ(result.error.rule, "signer.deadline");
}

TYPED_TEST_P(SignerContract, ManyJobsAtOnceEachGetTheirOwnSignature) {
  constexpr int kJobs = 64;
  auto key = this->KeyAt(this->fixture.key_uri());
  SignJob job = this->Job(this->fixture.key_uri());
  std::atomic<int> verified = 0;
  std::vector<std::promise<void>> done(kJobs);
  for (int i = 0; i < kJobs; ++i) {
    job.id = NewId();
    job.message = DerMessage(static_cast<uint64_t>(i));
    Spawn(this->signer.Sign(job), [&, i, message = job.message](SignResult result) {
      if (x509::VerifySignature(key, job.algorithm, message, result.signature)) ++verified;
      done[static_cast<size_t>(i)].set_value();
    });
  }
  for (auto& one : done) one.get_future().wait();
  EXPECT_EQ(verified, kJobs);
}

REGISTER_TYPED_TEST_SUITE_P(SignerContract, Signs, SignaturesOfAllLengthsVerify,
                            PublicKeyIsOfItsKind, AbsentKeyIsNotFound, ForeignUriIsRefused,
                            AnotherKeyThanExpectedIsRefused, AlgorithmOfTheOtherKeyIsRefused,
                            CanaryMessagesAndOthersAreKeptApart, CertificateMessageIsOneDerSequence,
                            MessageSizeHasALimit, ExpiredDeadlineIsNotSigned,
                            ManyJobsAtOnceEachGetTheirOwnSignature);

}  // namespace mayfly::contract
