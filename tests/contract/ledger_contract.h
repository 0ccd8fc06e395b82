// What every Ledger, and the Lineages beside it, must do. A fixture gives the ledger and the
// faults; the suite asks.
//
//   struct MyFixture {
//     Ledger& ledger();
//     Lineages& lineages();
//     void AddBlock(policy::Block block);      // raises the control number
//     void FailNextCommit(CommitFault fault);  // of records and outcomes
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, LedgerContract, MyFixture);
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/system.h"
#include "ports/ledger.h"
#include "ports/lineages.h"
#include "tests/fakes/linted_tbs.h"
#include "tests/fakes/memory_ledger.h"

namespace mayfly::contract {

using fakes::CommitFault;

constexpr IssuerId kIssuer{1};

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "ok" : result.error().rule;
}
inline bool IsAbandoned(const Outcome& outcome) {
  return std::holds_alternative<AbandonedOutcome>(outcome);
}
inline Bytes SignatureOf(const Outcome& outcome) {
  const auto* signature = std::get_if<SignedOutcome>(&outcome);
  return signature ? signature->signature : Bytes();
}

template <class Fixture>
class LedgerContract : public testing::Test {
 protected:
  LedgerContract() : ledger(fixture.ledger()), lineages(fixture.lineages()) {}

  BootTime Soon() { return clock.BootNow() + Seconds(20); }
  uint64_t Decision() { return SyncWait(ledger.LoadBasis(Soon()))->decision; }
  RequestKey NewRequest() { return {Uuid::MakeV7(clock.Now(), random), "dns:web.internal"}; }
  RecordEntry Entry(std::optional<RequestAttempt> request = std::nullopt, Seconds age = Seconds(0),
                    Seconds lifetime = Seconds(3600)) {
    const TimePoint now = clock.Now() - age;
    return {.tbs = fakes::MakeLintedTbs(now, random, lifetime),
            .issuer = kIssuer,
            .lineage = {Uuid::MakeV7(now, random), 0, std::nullopt},
            .profile = "server",
            .principal = "dns:web.internal",
            .policy_version = 1,
            .decision = Decision(),
            .renewal = {now + Seconds(2400), now + Seconds(3000)},
            .request = std::move(request)};
  }
  RequestAttempt Attempt(const RequestKey& key, uint16_t attempt = 1) {
    return {key, Hash256{7}, attempt};
  }
  Result<RecordedTbs> Record(RecordEntry entry) {
    return SyncWait(ledger.Record(std::move(entry), Soon()));
  }
  CertificateKey Recorded(RecordEntry entry) {
    auto recorded = Record(std::move(entry));
    EXPECT_TRUE(recorded) << Describe(recorded.error(), ErrorText::kForLog);
    return recorded->facts().key;
  }
  Result<Outcome> Settle(const CertificateKey& key, Outcome outcome) {
    return Settle(key, std::move(outcome), Decision());
  }
  Result<Outcome> Settle(const CertificateKey& key, Outcome outcome, uint64_t decision) {
    SettleEntry entry{key, std::move(outcome), 1, decision};
    return SyncWait(ledger.Settle(std::move(entry), Soon()));
  }
  CertificateKey Issued() {
    CertificateKey key = Recorded(Entry());
    EXPECT_TRUE(Settle(key, SignedOutcome{{1, 2, 3}}));
    return key;
  }
  std::optional<CertificateRecord> Find(const CertificateKey& key) {
    auto found = SyncWait(ledger.FindCertificate(key, Reading::kDurable, Soon()));
    EXPECT_TRUE(found) << Describe(found.error(), ErrorText::kForLog);
    return *std::move(found);
  }
  std::optional<PriorAttempt> FindRequest(const RequestKey& key) {
    auto found = SyncWait(ledger.FindRequest(key, Soon()));
    EXPECT_TRUE(found) << Describe(found.error(), ErrorText::kForLog);
    return *std::move(found);
  }
  Result<RevokeReceipt> Revoke(const CertificateKey& key) {
    RevokeEntry entry{key, RevocationReason::kKeyCompromise, "local:0"};
    return SyncWait(ledger.Revoke(std::move(entry), Soon()));
  }
  policy::Block NewBlock() {
    policy::Block block{policy::BlockKind::kKey, Bytes(32)};
    random.Fill(block.value);
    return block;
  }

  SystemClock clock;
  SystemRandom random;
  Fixture fixture;
  Ledger& ledger;
  Lineages& lineages;
};
TYPED_TEST_SUITE_P(LedgerContract);

TYPED_TEST_P(LedgerContract, RecordsSettlesAndFinds) {
  RecordEntry entry = this->Entry();
  entry.lineage.generation = 3;
  entry.lineage.parent = entry.tbs.tbs().serial();
  entry.claims = {{"namespace", "prod"}, {"serviceaccount", "api"}};
  const policy::Claims claims = entry.claims;
  const Bytes tbs = ToBytes(entry.tbs.tbs().der());
  const Uuid lineage = entry.lineage.lineage;
  const auto renew_until = entry.renewal.until;
  const auto recorded = this->Record(std::move(entry));
  ASSERT_TRUE(recorded) << Describe(recorded.error(), ErrorText::kForLog);
  EXPECT_TRUE(Equal(recorded->tbs(), tbs));
  const CertificateKey key = recorded->facts().key;

  auto intent = this->Find(key);
  ASSERT_TRUE(intent);
  EXPECT_FALSE(intent->outcome);
  EXPECT_EQ(intent->tbs, tbs);
  EXPECT_EQ(intent->facts.key, key);
  EXPECT_EQ(intent->facts.lineage.lineage, lineage);
  EXPECT_EQ(intent->facts.lineage.generation, 3u);
  EXPECT_EQ(intent->facts.lineage.parent, key.serial);
  EXPECT_EQ(intent->facts.profile, "server");
  EXPECT_EQ(intent->facts.claims, claims);
  EXPECT_EQ(intent->facts.renewal.until, renew_until);

  const Bytes signature = {1, 2, 0, 255};
  auto outcome = this->Settle(key, SignedOutcome{signature});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(SignatureOf(*outcome), signature);
  EXPECT_EQ(SignatureOf(*this->Find(key)->outcome), signature);
}

TYPED_TEST_P(LedgerContract, FindsNothingThatIsNotThere) {
  const CertificateKey unknown{
      x509::SerialNumber::Make(x509::LifetimeClass::kUpTo7Days, this->clock.Now(), this->random),
      kIssuer};
  EXPECT_FALSE(this->Find(unknown));
  EXPECT_FALSE(this->FindRequest(this->NewRequest()));
  EXPECT_EQ(RuleOf(this->Settle(unknown, SignedOutcome{{1}})), "ledger.no-such-certificate");
  // The serial of another issuer is another certificate.
  CertificateKey key = this->Issued();
  key.issuer = IssuerId{2};
  EXPECT_FALSE(this->Find(key));
}

TYPED_TEST_P(LedgerContract, FirstOutcomeWins) {
  CertificateKey key = this->Recorded(this->Entry());
  ASSERT_TRUE(this->Settle(key, SignedOutcome{{1}}));
  EXPECT_EQ(SignatureOf(*this->Settle(key, AbandonedOutcome{})), Bytes{1});
  EXPECT_EQ(SignatureOf(*this->Settle(key, SignedOutcome{{2}})), Bytes{1});

  key = this->Recorded(this->Entry());
  ASSERT_TRUE(this->Settle(key, AbandonedOutcome{}));
  EXPECT_TRUE(IsAbandoned(*this->Settle(key, SignedOutcome{{1}})));
  EXPECT_TRUE(IsAbandoned(*this->Find(key)->outcome));
}

TYPED_TEST_P(LedgerContract, RefusesWhatWasDecidedBefore) {
  RecordEntry entry = this->Entry();
  CertificateKey key = this->Recorded(this->Entry());
  const uint64_t before = this->Decision();
  this->fixture.AddBlock(this->NewBlock());
  ASSERT_GT(this->Decision(), before);

  const CertificateKey never{entry.tbs.tbs().serial(), entry.issuer};
  auto record = this->Record(std::move(entry));
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::kDecisionStale);
  EXPECT_FALSE(this->Find(never));
  auto settled = this->Settle(key, SignedOutcome{{1}}, before);
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().code, ErrorCode::kDecisionStale);
  EXPECT_FALSE(this->Find(key)->outcome);
  // An abandonment is never stale.
  EXPECT_TRUE(IsAbandoned(*this->Settle(key, AbandonedOutcome{}, before)));
}

TYPED_TEST_P(LedgerContract, RequestIdGivesOneRecord) {
  const RequestKey request = this->NewRequest();
  CertificateKey first = this->Recorded(this->Entry(this->Attempt(request)));
  auto second = this->Record(this->Entry(this->Attempt(request)));
  EXPECT_EQ(RuleOf(second), "ledger.request-taken");
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);

  auto intent = this->FindRequest(request);
  ASSERT_TRUE(intent);
  EXPECT_EQ(intent->attempt, 1);
  EXPECT_EQ(intent->body_hash, Hash256{7});
  EXPECT_EQ(intent->record.facts().key, first);
  EXPECT_FALSE(intent->outcome);
  ASSERT_TRUE(this->Settle(first, SignedOutcome{{9}}));
  EXPECT_EQ(SignatureOf(*this->FindRequest(request)->outcome), Bytes{9});
  // Another scope is another request.
  RequestKey other = request;
  other.scope = "dns:other.internal";
  EXPECT_FALSE(this->FindRequest(other));
  EXPECT_TRUE(this->Record(this->Entry(this->Attempt(other))));
}

TYPED_TEST_P(LedgerContract, NextAttemptOnlyAfterAnAbandonedOne) {
  const RequestKey request = this->NewRequest();
  CertificateKey first = this->Recorded(this->Entry(this->Attempt(request)));
  EXPECT_EQ(RuleOf(this->Record(this->Entry(this->Attempt(request, 2)))), "ledger.request-taken");
  ASSERT_TRUE(this->Settle(first, AbandonedOutcome{}));
  EXPECT_TRUE(IsAbandoned(*this->FindRequest(request)->outcome));
  CertificateKey second = this->Recorded(this->Entry(this->Attempt(request, 2)));
  auto found = this->FindRequest(request);
  EXPECT_EQ(found->attempt, 2);
  EXPECT_EQ(found->record.facts().key, second);
}

TYPED_TEST_P(LedgerContract, RevokesForEver) {
  CertificateKey key = this->Issued();
  auto receipt = this->Revoke(key);
  ASSERT_TRUE(receipt) << Describe(receipt.error(), ErrorText::kForLog);
  EXPECT_FALSE(receipt->was_revoked_before);
  EXPECT_EQ(receipt->revocation.key, key);
  EXPECT_EQ(receipt->revocation.reason, RevocationReason::kKeyCompromise);
  EXPECT_GE(receipt->good_answers_until, receipt->revocation.revoked_at);

  auto again = this->Revoke(key);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->was_revoked_before);
  EXPECT_EQ(again->revocation.number, receipt->revocation.number);
  EXPECT_EQ(again->revocation.revoked_at, receipt->revocation.revoked_at);

  auto found = this->Find(key);
  ASSERT_TRUE(found->revocation);
  EXPECT_EQ(found->revocation->number, receipt->revocation.number);
  EXPECT_FALSE(IsAbandoned(*found->outcome));
  auto next = this->Revoke(this->Issued());
  EXPECT_GT(next->revocation.number, receipt->revocation.number);
}

TYPED_TEST_P(LedgerContract, RevokingAnIntentAbandonsIt) {
  const RequestKey request = this->NewRequest();
  CertificateKey key = this->Recorded(this->Entry(this->Attempt(request)));
  ASSERT_TRUE(this->Revoke(key));
  EXPECT_TRUE(IsAbandoned(*this->Settle(key, SignedOutcome{{1}})));
  auto found = this->FindRequest(request);
  EXPECT_TRUE(found->revocation);
  EXPECT_TRUE(IsAbandoned(*found->outcome));
}

TYPED_TEST_P(LedgerContract, RevokesNothingUnknown) {
  CertificateKey key = this->Issued();
  key.issuer = IssuerId{77};
  auto receipt = this->Revoke(key);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(receipt.error().rule, "ledger.no-such-certificate");
}

TYPED_TEST_P(LedgerContract, PolicyActivationIsIdempotentByText) {
  const std::string text = "# " + this->NewRequest().id.ToString();
  const uint64_t before = this->Decision();
  auto version = SyncWait(this->ledger.ActivatePolicy({text, "local:0"}, this->Soon()));
  ASSERT_TRUE(version) << Describe(version.error(), ErrorText::kForLog);
  auto basis = SyncWait(this->ledger.LoadBasis(this->Soon()));
  EXPECT_EQ(basis->policy_version, *version);
  EXPECT_EQ(basis->policy_text, text);
  EXPECT_EQ(basis->decision, before + 1);
  EXPECT_EQ(*SyncWait(this->ledger.ActivatePolicy({text, "local:0"}, this->Soon())), *version);
  EXPECT_EQ(this->Decision(), before + 1);
  EXPECT_EQ(*SyncWait(this->ledger.ActivatePolicy({text + "\n", "local:0"}, this->Soon())),
            *version + 1);
  // Back to the first text is a change again.
  EXPECT_EQ(*SyncWait(this->ledger.ActivatePolicy({text, "local:0"}, this->Soon())), *version + 2);
}

TYPED_TEST_P(LedgerContract, BlocksAreInTheBasis) {
  const policy::Block block = this->NewBlock();
  this->fixture.AddBlock(block);
  const auto blocks = SyncWait(this->ledger.LoadBasis(this->Soon()))->blocks;
  EXPECT_EQ(std::count(blocks.begin(), blocks.end(), block), 1);
}

TYPED_TEST_P(LedgerContract, APolicyIsAppliedOnTheVersionThatWasLookedAt) {
  const std::string text = "# " + this->NewRequest().id.ToString();
  auto apply = [this](std::string body, std::optional<uint64_t> base) {
    PolicyEntry entry{std::move(body), "local:0", base};
    return SyncWait(this->ledger.ActivatePolicy(std::move(entry), this->Soon()));
  };
  const uint64_t version = *apply(text, std::nullopt);
  const uint64_t decision = this->Decision();
  auto outdated = apply(text + "a", version - 1);
  EXPECT_EQ(RuleOf(outdated), "policy.outdated");
  EXPECT_EQ(outdated.error().code, ErrorCode::kConflict);
  EXPECT_EQ(this->Decision(), decision);
  // What is in force already was not undone by anybody.
  EXPECT_EQ(*apply(text, version - 1), version);
  EXPECT_EQ(*apply(text + "b", version), version + 1);
  EXPECT_EQ(SyncWait(this->ledger.LoadBasis(this->Soon()))->policy_text, text + "b");
}

TYPED_TEST_P(LedgerContract, AClaimedKeyIsOneIdentitys) {
  Hash256 key{}, web{1}, api{2};
  this->random.Fill(key);
  auto record = [&](const Hash256& identity) {
    RecordEntry entry = this->Entry();
    entry.key_claim = KeyClaim{key, identity};
    return this->Record(std::move(entry));
  };
  EXPECT_TRUE(record(web));
  EXPECT_TRUE(record(web));
  auto other = record(api);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kPolicyDenied);
  EXPECT_EQ(other.error().rule, "policy.key-reused");
  EXPECT_TRUE(this->Record(this->Entry()));  // no claim, no question
}

// Fifty of two identities at once, over one key: all of one are recorded, none of the other.
TYPED_TEST_P(LedgerContract, AContestedKeyGoesToOneIdentity) {
  Hash256 key{};
  this->random.Fill(key);
  constexpr int kCount = 50;
  std::vector<std::future<bool>> results;
  for (int i = 0; i < kCount; ++i) {
    auto promise = std::make_shared<std::promise<bool>>();
    results.push_back(promise->get_future());
    RecordEntry entry = this->Entry();
    entry.key_claim = KeyClaim{key, Hash256{static_cast<uint8_t>(i % 2)}};
    Spawn(this->ledger.Record(std::move(entry), this->Soon()),
          [promise](Result<RecordedTbs> recorded) { promise->set_value(bool(recorded)); });
  }
  std::array<int, 2> recorded{};
  for (int i = 0; i < kCount; ++i) recorded[i % 2] += results[i].get();
  EXPECT_EQ(std::max(recorded[0], recorded[1]), kCount / 2);
  EXPECT_EQ(std::min(recorded[0], recorded[1]), 0);
}

TYPED_TEST_P(LedgerContract, ACompromisedKeyIsBlockedWithItsCertificate) {
  const policy::Block block = this->NewBlock();
  Hash256 key{};
  std::copy(block.value.begin(), block.value.end(), key.begin());
  const CertificateKey certificate = this->Issued();
  auto revoke = [&](CertificateKey of) {
    RevokeEntry entry{of, RevocationReason::kKeyCompromise, "local:0", key};
    return SyncWait(this->ledger.Revoke(std::move(entry), this->Soon()));
  };
  auto blocked = [&] {
    const auto blocks = SyncWait(this->ledger.LoadBasis(this->Soon()))->blocks;
    return std::count(blocks.begin(), blocks.end(), block);
  };
  CertificateKey unknown = certificate;
  unknown.issuer = IssuerId{77};
  EXPECT_FALSE(revoke(unknown));
  EXPECT_EQ(blocked(), 0);
  const uint64_t decision = this->Decision();
  ASSERT_TRUE(revoke(certificate));
  EXPECT_EQ(blocked(), 1);
  EXPECT_EQ(this->Decision(), decision + 1);
  EXPECT_TRUE(revoke(certificate)->was_revoked_before);  // nothing more to block
  EXPECT_EQ(this->Decision(), decision + 1);
}

TYPED_TEST_P(LedgerContract, TheFirstUseOfAGenerationStands) {
  const Uuid lineage = Uuid::MakeV7(this->clock.Now(), this->random);
  const CertificateKey one = this->Issued(), other = this->Issued();
  auto use = [&](const CertificateKey& certificate, uint32_t generation) {
    LineageUse entry{lineage, generation, certificate, UseKind::kAcknowledged};
    return SyncWait(this->lineages.NoteUse(std::move(entry), this->Soon()));
  };
  EXPECT_EQ(*use(one, 1), one);
  EXPECT_EQ(*use(one, 1), one);
  EXPECT_EQ(*use(other, 1), one);
  EXPECT_EQ(*use(other, 2), other);
}

TYPED_TEST_P(LedgerContract, ARenewalUsesItsParentAndSupersedesWhatWasBefore) {
  const Uuid lineage = Uuid::MakeV7(this->clock.Now(), this->random);
  auto renew = [&](const CertificateKey& parent, uint32_t generation) {
    RecordEntry entry = this->Entry();
    entry.lineage = {lineage, generation, parent.serial};
    entry.renews = parent;
    return this->Record(std::move(entry));
  };
  const CertificateKey root = this->Issued();
  auto one = renew(root, 1), other = renew(root, 1);
  ASSERT_TRUE(one && other);  // a lost answer locks nobody out
  ASSERT_TRUE(renew(one->facts().key, 2));
  // Of the siblings it is the one that renewed first.
  auto refused = renew(other->facts().key, 2);
  EXPECT_EQ(RuleOf(refused), "renewal.superseded");
  EXPECT_EQ(refused.error().code, ErrorCode::kPolicyDenied);
  EXPECT_EQ(RuleOf(renew(root, 1)), "renewal.superseded");
  EXPECT_TRUE(renew(one->facts().key, 2));
}

TYPED_TEST_P(LedgerContract, WhatStandsForTheNewestGenerationInUseIsTheSuccessor) {
  const Uuid lineage = Uuid::MakeV7(this->clock.Now(), this->random);
  const CertificateKey one = this->Issued(), two = this->Issued();
  auto use = [&](const CertificateKey& certificate, uint32_t generation) {
    LineageUse entry{lineage, generation, certificate, UseKind::kUsed};
    ASSERT_TRUE(SyncWait(this->lineages.NoteUse(std::move(entry), this->Soon())));
  };
  auto successor = [&](uint32_t generation, const Uuid& of) {
    return *SyncWait(this->lineages.FindSuccessor({of, generation}, this->Soon()));
  };
  EXPECT_EQ(successor(0, lineage), std::nullopt);
  use(one, 1);
  EXPECT_EQ(successor(0, lineage), one);
  EXPECT_EQ(successor(1, lineage), std::nullopt);
  use(two, 2);
  EXPECT_EQ(successor(0, lineage), two);
  EXPECT_EQ(successor(1, lineage), two);
  EXPECT_EQ(successor(2, lineage), std::nullopt);
  EXPECT_EQ(successor(0, Uuid::MakeV7(this->clock.Now(), this->random)), std::nullopt);
}

TYPED_TEST_P(LedgerContract, WhoAsksWithASupersededCertificateIsRefusedUnlessItIsRecorded) {
  const Uuid lineage = Uuid::MakeV7(this->clock.Now(), this->random);
  const CertificateKey next = this->Issued();
  auto ask = [&](uint32_t generation, std::optional<RequestAttempt> request = std::nullopt) {
    RecordEntry entry = this->Entry(std::move(request));
    entry.asker = policy::LineagePlace{lineage, generation};
    return this->Record(std::move(entry));
  };
  const RequestKey request = this->NewRequest();
  EXPECT_TRUE(ask(0, this->Attempt(request)));
  LineageUse use{lineage, 1, next, UseKind::kUsed};
  ASSERT_TRUE(SyncWait(this->lineages.NoteUse(std::move(use), this->Soon())));
  const auto refused = ask(0, this->Attempt(this->NewRequest()));
  ASSERT_EQ(RuleOf(refused), "renewal.superseded");
  EXPECT_EQ(refused.error().code, ErrorCode::kPolicyDenied);
  EXPECT_NE(refused.error().message.find(next.serial.Hex()), std::string::npos);
  EXPECT_FALSE(ask(0, this->Attempt(request)));
  EXPECT_TRUE(this->FindRequest(request)) << "recorded before: a repeat finds it";
  EXPECT_TRUE(ask(1));
}

// Those of one batch are judged each by their own lineage.
TYPED_TEST_P(LedgerContract, AskersAndRenewalsAtOnce) {
  constexpr uint32_t kCount = 24;
  const CertificateKey root = this->Issued(), next = this->Issued();
  std::vector<std::future<std::string>> answers;
  for (uint32_t i = 0; i < kCount; ++i) {
    const Uuid lineage = Uuid::MakeV7(this->clock.Now(), this->random);
    RecordEntry entry = this->Entry();
    if (i % 2 == 0) {
      entry.asker = policy::LineagePlace{lineage, 0};
    } else {
      entry.lineage = {lineage, 1, root.serial};
      entry.renews = root;
    }
    if (i % 4 >= 2) {
      LineageUse use{lineage, 1, next, UseKind::kUsed};
      ASSERT_TRUE(SyncWait(this->lineages.NoteUse(std::move(use), this->Soon())));
    }
    auto promise = std::make_shared<std::promise<std::string>>();
    answers.push_back(promise->get_future());
    Spawn(this->ledger.Record(std::move(entry), this->Soon()),
          [promise](Result<RecordedTbs> recorded) { promise->set_value(RuleOf(recorded)); });
  }
  for (uint32_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(answers[i].get(), i % 4 >= 2 ? "renewal.superseded" : "ok") << i;
  }
}

TYPED_TEST_P(LedgerContract, ABlockIsPutInForceAndLifted) {
  const policy::Block block = this->NewBlock();
  auto put = [&](BlockEffect effect) {
    BlockEntry entry{block, effect, "a test", "local:0"};
    return *SyncWait(this->ledger.AddBlock(std::move(entry), this->Soon()));
  };
  auto in_force = [&] {
    const auto blocks = SyncWait(this->ledger.LoadBasis(this->Soon()))->blocks;
    return std::count(blocks.begin(), blocks.end(), block);
  };
  const uint64_t decision = put(BlockEffect::kBlocks);
  EXPECT_EQ(in_force(), 1);
  EXPECT_GT(put(BlockEffect::kLifts), decision);
  EXPECT_EQ(in_force(), 0);
}

TYPED_TEST_P(LedgerContract, SerialTimeIsWithin30SecondsOfTheDatabase) {
  EXPECT_TRUE(this->Record(this->Entry(std::nullopt, Seconds(29))));
  auto old = this->Record(this->Entry(std::nullopt, Seconds(31)));
  EXPECT_EQ(RuleOf(old), "ledger.serial-too-old");
  EXPECT_EQ(old.error().code, ErrorCode::kStoreUnavailable);
  EXPECT_EQ(RuleOf(this->Record(this->Entry(std::nullopt, Seconds(-32)))), "ledger.serial-too-old");
}

TYPED_TEST_P(LedgerContract, RequestIdTimeIsWithin24HoursOfTheDatabase) {
  auto record_with_id_at = [this](TimePoint time) {
    RequestKey request{Uuid::MakeV7(time, this->random), "dns:web.internal"};
    return this->Record(this->Entry(this->Attempt(request)));
  };
  const TimePoint now = this->clock.Now();
  constexpr Seconds kDay{24 * 3600};
  EXPECT_TRUE(record_with_id_at(now - kDay + Seconds(20)));
  EXPECT_TRUE(record_with_id_at(now + kDay - Seconds(20)));
  auto old = record_with_id_at(now - kDay - Seconds(1));
  EXPECT_EQ(RuleOf(old), "request-id.time");
  EXPECT_EQ(old.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(RuleOf(record_with_id_at(now + kDay + Seconds(20))), "request-id.time");
  std::array<uint8_t, 16> version4{};
  version4[6] = 0x40;
  RequestKey other{Uuid::FromOctets(version4), "dns:web.internal"};
  EXPECT_EQ(RuleOf(this->Record(this->Entry(this->Attempt(other)))), "request-id.time");
}

TYPED_TEST_P(LedgerContract, CommitFailedButPersisted) {
  const RequestKey request = this->NewRequest();
  RecordEntry entry = this->Entry(this->Attempt(request));
  const CertificateKey key{entry.tbs.tbs().serial(), entry.issuer};
  this->fixture.FailNextCommit(CommitFault::kDidPersist);
  // Either it is found out in time, or the error leaves it open: then the request id tells.
  auto record = this->Record(std::move(entry));
  EXPECT_TRUE(record || record.error().code == ErrorCode::kCommitInDoubt);
  auto found = this->FindRequest(request);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->record.facts().key, key);
  EXPECT_FALSE(found->outcome);

  this->fixture.FailNextCommit(CommitFault::kDidPersist);
  auto settled = this->Settle(key, SignedOutcome{{5}});
  EXPECT_TRUE(settled || settled.error().code == ErrorCode::kCommitInDoubt);
  EXPECT_EQ(SignatureOf(*this->FindRequest(request)->outcome), Bytes{5});
}

TYPED_TEST_P(LedgerContract, CommitFailedAndDidNotPersist) {
  const RequestKey request = this->NewRequest();
  this->fixture.FailNextCommit(CommitFault::kDidNotPersist);
  EXPECT_FALSE(this->Record(this->Entry(this->Attempt(request))));
  EXPECT_FALSE(this->FindRequest(request));
  const CertificateKey key = this->Recorded(this->Entry(this->Attempt(request)));
  this->fixture.FailNextCommit(CommitFault::kDidNotPersist);
  EXPECT_FALSE(this->Settle(key, SignedOutcome{{5}}));
  EXPECT_FALSE(this->FindRequest(request)->outcome);
  EXPECT_EQ(SignatureOf(*this->Settle(key, SignedOutcome{{6}})), Bytes{6});
}

TYPED_TEST_P(LedgerContract, HundredAtOnce) {
  constexpr int kCount = 100;
  const RequestKey contested = this->NewRequest();
  std::vector<std::future<bool>> results;
  std::vector<CertificateKey> keys;
  for (int i = 0; i < 2 * kCount; ++i) {
    // The first hundred each for themselves, the second all for one request id.
    std::optional<RequestAttempt> attempt;
    if (i >= kCount) attempt = this->Attempt(contested);
    auto promise = std::make_shared<std::promise<bool>>();
    results.push_back(promise->get_future());
    RecordEntry entry = this->Entry(std::move(attempt));
    if (i < kCount) keys.push_back({entry.tbs.tbs().serial(), entry.issuer});
    Spawn(this->ledger.Record(std::move(entry), this->Soon()),
          [promise](Result<RecordedTbs> recorded) { promise->set_value(bool(recorded)); });
  }
  int own = 0, of_contested = 0;
  for (int i = 0; i < 2 * kCount; ++i) (i < kCount ? own : of_contested) += results[i].get();
  EXPECT_EQ(own, kCount);
  EXPECT_EQ(of_contested, 1);
  for (const CertificateKey& key : keys) EXPECT_TRUE(this->Find(key));
}

TYPED_TEST_P(LedgerContract, AnswersByTheDeadline) {
  auto late = SyncWait(this->ledger.Record(this->Entry(), this->clock.BootNow() - Seconds(1)));
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().code == ErrorCode::kDeadlineExceeded ||
              late.error().code == ErrorCode::kCommitInDoubt);
  EXPECT_TRUE(late.error().retry_after);
}

REGISTER_TYPED_TEST_SUITE_P(
    LedgerContract, RecordsSettlesAndFinds, FindsNothingThatIsNotThere, FirstOutcomeWins,
    RefusesWhatWasDecidedBefore, RequestIdGivesOneRecord, NextAttemptOnlyAfterAnAbandonedOne,
    RevokesForEver, RevokingAnIntentAbandonsIt, RevokesNothingUnknown,
    PolicyActivationIsIdempotentByText, BlocksAreInTheBasis,
    APolicyIsAppliedOnTheVersionThatWasLookedAt, AClaimedKeyIsOneIdentitys,
    AContestedKeyGoesToOneIdentity, ACompromisedKeyIsBlockedWithItsCertificate,
    TheFirstUseOfAGenerationStands, ARenewalUsesItsParentAndSupersedesWhatWasBefore,
    WhatStandsForTheNewestGenerationInUseIsTheSuccessor,
    WhoAsksWithASupersededCertificateIsRefusedUnlessItIsRecorded, AskersAndRenewalsAtOnce,
    ABlockIsPutInForceAndLifted, SerialTimeIsWithin30SecondsOfTheDatabase,
    RequestIdTimeIsWithin24HoursOfTheDatabase, CommitFailedButPersisted,
    CommitFailedAndDidNotPersist, HundredAtOnce, AnswersByTheDeadline);

}  // namespace mayfly::contract
