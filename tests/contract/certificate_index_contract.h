// What every CertificateIndex must do. A fixture gives ledger and index of the same records; the
// suite writes to the one and lists from the other.
//
//   struct MyFixture {
//     Ledger& ledger();
//     CertificateIndex& index();
//   };
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/system.h"
#include "ports/certificate_index.h"
#include "tests/fakes/linted_tbs.h"

namespace mayfly::contract {

template <class Fixture>
class CertificateIndexContract : public testing::Test {
 protected:
  static constexpr IssuerId kIssuer{1};
  static constexpr Seconds kHour{3600};
  static constexpr Seconds kDay{24 * 3600};

  struct Wish {
    Seconds lifetime = kHour;
    std::string profile = "server";
    std::string principal = "dns:web.internal";
    std::optional<Uuid> lineage = std::nullopt;
    uint32_t generation = 0;
    std::optional<Outcome> outcome = SignedOutcome{{1, 2, 3}};
    Seconds age{0};
  };

  BootTime Soon() { return clock.BootNow() + Seconds(20); }

  IndexPosition Add(Wish wish) {
    const TimePoint now = clock.Now() - wish.age;
    const uint64_t decision = SyncWait(fixture.ledger().LoadBasis(Soon()))->decision;
    RecordEntry entry{
        .tbs = fakes::MakeLintedTbs(now, random, wish.lifetime),
        .issuer = kIssuer,
        .lineage = {wish.lineage.value_or(Uuid::MakeV7(now, random)), wish.generation, {}},
        .profile = wish.profile,
        .principal = wish.principal,
        .policy_version = 1,
        .decision = decision,
        .renewal = {now, now},
        .request = std::nullopt};
    const IndexPosition place{entry.tbs.tbs().fields().validity.not_after(),
                              {entry.tbs.tbs().serial(), entry.issuer}};
    auto recorded = SyncWait(fixture.ledger().Record(std::move(entry), Soon()));
    EXPECT_TRUE(recorded) << Describe(recorded.error(), ErrorText::kForLog);
    if (wish.outcome) {
      SettleEntry settle{place.key, *wish.outcome, 1, decision};
      EXPECT_TRUE(SyncWait(fixture.ledger().Settle(std::move(settle), Soon())));
    }
    return place;
  }
  void Revoke(const IndexPosition& place) {
    RevokeEntry entry{place.key, RevocationReason::kKeyCompromise, "local:0"};
    EXPECT_TRUE(SyncWait(fixture.ledger().Revoke(std::move(entry), Soon())));
  }

  IndexQuery Query(CertificateOrder order = CertificateOrder::kSoonestExpiry) {
    return {.filter = {.issuers = {kIssuer}},
            .order = order,
            .after = std::nullopt,
            .now = clock.Now(),
            .count_max = 100};
  }
  IndexPage Page(IndexQuery query) {
    auto page = SyncWait(fixture.index().Page(std::move(query), Soon()));
    EXPECT_TRUE(page) << Describe(page.error(), ErrorText::kForLog);
    return page ? *std::move(page) : IndexPage{};
  }
  static std::vector<CertificateKey> KeysOf(const IndexPage& page) {
    std::vector<CertificateKey> keys;
    for (const CertificateRecord& record : page.records) keys.push_back(record.facts.key);
    return keys;
  }
  // Every page of `query`, put together; each but the last is full.
  std::vector<CertificateKey> Pages(IndexQuery query) {
    std::vector<CertificateKey> keys;
    while (true) {
      const IndexPage page = Page(query);
      for (const CertificateKey& key : KeysOf(page)) keys.push_back(key);
      if (!page.next) return keys;
      EXPECT_EQ(page.records.size(), query.count_max);
      query.after = page.next;
    }
  }
  std::vector<CertificateKey> Found(CertificateFilter filter) {
    IndexQuery query = Query();
    query.filter = std::move(filter);
    query.filter.issuers = {kIssuer};
    return KeysOf(Page(std::move(query)));
  }

  using Keys = std::vector<CertificateKey>;
  SystemClock clock;
  SystemRandom random;
  Fixture fixture;
};
TYPED_TEST_SUITE_P(CertificateIndexContract);

TYPED_TEST_P(CertificateIndexContract, ListsSoonestExpiryFirstAcrossLifetimeClasses) {
  const auto year = this->Add({.lifetime = 365 * this->kDay});
  const auto hour = this->Add({.lifetime = this->kHour});
  const auto month = this->Add({.lifetime = 30 * this->kDay});
  const auto day = this->Add({.lifetime = this->kDay});
  const auto keys = this->KeysOf(this->Page(this->Query()));
  EXPECT_EQ(keys, (typename TestFixture::Keys{hour.key, day.key, month.key, year.key}));
}

TYPED_TEST_P(CertificateIndexContract, ListsNewestFirstAcrossLifetimeClasses) {
  const auto first = this->Add({.lifetime = 365 * this->kDay, .age = Seconds(9)});
  const auto second = this->Add({.age = Seconds(6)});
  const auto third = this->Add({.lifetime = 30 * this->kDay, .age = Seconds(3)});
  const auto fourth = this->Add({.lifetime = this->kDay});
  const auto keys = this->Pages(this->Query(CertificateOrder::kNewest));
  EXPECT_EQ(keys, (typename TestFixture::Keys{fourth.key, third.key, second.key, first.key}));
}

TYPED_TEST_P(CertificateIndexContract, PagesPartAndRepeatNothing) {
  const Seconds lifetimes[] = {this->kHour, 30 * this->kDay, 365 * this->kDay};
  for (int i = 0; i < 31; ++i) this->Add({.lifetime = lifetimes[i % 3], .age = Seconds(i % 5)});
  for (const auto order : {CertificateOrder::kSoonestExpiry, CertificateOrder::kNewest}) {
    IndexQuery query = this->Query(order);
    const auto whole = this->KeysOf(this->Page(query));
    EXPECT_EQ(whole.size(), 31u);
    for (const size_t count_max : {1, 7, 30, 31, 32}) {
      query.count_max = count_max;
      EXPECT_EQ(this->Pages(query), whole) << count_max;
    }
  }
}

TYPED_TEST_P(CertificateIndexContract, APageThatEndsTheListSaysSo) {
  for (int i = 0; i < 4; ++i) this->Add({});
  IndexQuery query = this->Query();
  query.count_max = 4;
  EXPECT_FALSE(this->Page(query).next);
  query.count_max = 3;
  EXPECT_TRUE(this->Page(query).next);
}

TYPED_TEST_P(CertificateIndexContract, WhatIsAddedMeanwhileMovesNoPage) {
  for (int i = 0; i < 4; ++i) this->Add({.lifetime = 2 * this->kHour});
  IndexQuery query = this->Query();
  query.count_max = 2;
  const IndexPage first = this->Page(query);
  this->Add({.lifetime = this->kHour});  // before the place where the page ended
  query.after = first.next;
  const IndexPage second = this->Page(query);
  auto keys = this->KeysOf(first);
  for (const auto& key : this->KeysOf(second)) keys.push_back(key);
  std::ranges::sort(keys);
  EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
  EXPECT_EQ(keys.size(), 4u);
}

TYPED_TEST_P(CertificateIndexContract, EveryStateFindsItsOwn) {
  const auto active = this->Add({});
  const auto intent = this->Add({.outcome = std::nullopt});
  const auto abandoned = this->Add({.outcome = AbandonedOutcome{}});
  const auto revoked = this->Add({});
  this->Revoke(revoked);
  const auto revoked_intent = this->Add({.lifetime = 2 * this->kHour, .outcome = std::nullopt});
  this->Revoke(revoked_intent);
  using Keys = typename TestFixture::Keys;
  EXPECT_EQ(this->Found({.state = CertificateState::kActive}), Keys{active.key});
  EXPECT_EQ(this->Found({.state = CertificateState::kIntent}), Keys{intent.key});
  EXPECT_EQ(this->Found({.state = CertificateState::kAbandoned}), Keys{abandoned.key});
  EXPECT_EQ(this->Found({.state = CertificateState::kRevoked}),
            (Keys{revoked.key, revoked_intent.key}));
  EXPECT_EQ(this->Found({.state = CertificateState::kExpired}), Keys{});
}

TYPED_TEST_P(CertificateIndexContract, ExpiryIsTheSecondAfterNotAfter) {
  const auto place = this->Add({});
  IndexQuery query = this->Query();
  query.filter.state = CertificateState::kActive;
  query.now = place.not_after + Seconds(1) - std::chrono::microseconds(1);
  EXPECT_EQ(this->Page(query).records.size(), 1u);
  query.now = place.not_after + Seconds(1);
  EXPECT_EQ(this->Page(query).records.size(), 0u);
  query.filter.state = CertificateState::kExpired;
  EXPECT_EQ(this->Page(query).records.size(), 1u);
  query.now = place.not_after + Seconds(1) - std::chrono::microseconds(1);
  EXPECT_EQ(this->Page(query).records.size(), 0u);
}

TYPED_TEST_P(CertificateIndexContract, FiltersByWhatTheRecordSays) {
  const auto lineage = Uuid::MakeV7(this->clock.Now(), this->random);
  const auto server = this->Add({});
  const auto client = this->Add({.lifetime = this->kDay,
                                 .profile = "client",
                                 .principal = "dns:api.internal",
                                 .lineage = lineage});
  using Keys = typename TestFixture::Keys;
  EXPECT_EQ(this->Found({.profile = "client"}), Keys{client.key});
  EXPECT_EQ(this->Found({.principal = "dns:web.internal"}), Keys{server.key});
  EXPECT_EQ(this->Found({.lineage = lineage}), Keys{client.key});
  EXPECT_EQ(this->Found({.profile = "client", .principal = "dns:web.internal"}), Keys{});
  // The test's certificates all have this name.
  EXPECT_EQ(this->Found({.name = *x509::GeneralName::Dns("web.internal")}).size(), 2u);
  EXPECT_EQ(this->Found({.name = *x509::GeneralName::Dns("web.interna")}), Keys{});
  EXPECT_EQ(this->Found({.name = *x509::GeneralName::Email("web@internal")}), Keys{});
  // Its octets are there, in the CA's OCSP URL; it is no name of the certificate.
  EXPECT_EQ(this->Found({.name = *x509::GeneralName::Uri("http://ca.internal/ocsp")}), Keys{});
}

TYPED_TEST_P(CertificateIndexContract, FiltersByTimesToTheMicrosecond) {
  const auto place = this->Add({});
  const TimePoint created = *place.key.serial.issued_at();
  constexpr std::chrono::microseconds kInstant{1};
  // Serials count milliseconds: the others' are later ones.
  std::this_thread::sleep_for(Milliseconds(2));
  for (const Seconds lifetime : {this->kDay, 365 * this->kDay}) this->Add({.lifetime = lifetime});
  auto ends = [this](TimePoint from, TimePoint until) {
    return this->Found({.not_after = {from, until}}).size();
  };
  EXPECT_EQ(ends(place.not_after, place.not_after + kInstant), 1u);
  EXPECT_EQ(ends(place.not_after + kInstant, place.not_after + Seconds(60)), 0u);
  EXPECT_EQ(ends(place.not_after - Seconds(60), place.not_after), 0u);
  EXPECT_EQ(ends(TimePoint::min(), TimePoint::max()), 3u);
  auto made = [this](TimePoint from, TimePoint until) {
    return this->Found({.created = {from, until}});
  };
  EXPECT_EQ(made(created, created + Milliseconds(1)).front(), place.key);
  EXPECT_EQ(made(created - Seconds(60), created).size(), 0u);
  EXPECT_EQ(made(TimePoint::min(), created + kInstant).size(), 1u);
  EXPECT_EQ(made(this->clock.Now() + Seconds(60), TimePoint::max()).size(), 0u);
}

TYPED_TEST_P(CertificateIndexContract, HoldersFindWhatTheyAskedForAndTheirLineage) {
  const auto lineage = Uuid::MakeV7(this->clock.Now(), this->random);
  const auto asked = this->Add({.principal = "dns:me"});
  const auto held = this->Add({.lifetime = this->kDay, .lineage = lineage, .generation = 1});
  this->Add({});
  this->Add({.principal = "dns:me", .generation = 1});  // the renewal of another of the name
  using Keys = typename TestFixture::Keys;
  EXPECT_EQ(this->Found({.held_by = Holdings{"dns:me", lineage}}), (Keys{asked.key, held.key}));
  EXPECT_EQ(this->Found({.held_by = Holdings{"dns:me", std::nullopt}}), Keys{asked.key});
  EXPECT_EQ(this->Found({.held_by = Holdings{"dns:nobody", std::nullopt}}), Keys{});
  this->Revoke(held);
  EXPECT_EQ(
      this->Found({.state = CertificateState::kRevoked, .held_by = Holdings{"dns:me", lineage}}),
      Keys{held.key});
  EXPECT_EQ(this->Found({.state = CertificateState::kRevoked,
                         .held_by = Holdings{"dns:nobody", std::nullopt}}),
            Keys{});
}

TYPED_TEST_P(CertificateIndexContract, OtherIssuersAreNotListed) {
  this->Add({});
  IndexQuery query = this->Query();
  query.filter.issuers = {IssuerId{2}};
  EXPECT_EQ(this->Page(query).records.size(), 0u);
  query.filter.issuers = {IssuerId{2}, IssuerId{1}};
  EXPECT_EQ(this->Page(query).records.size(), 1u);
}

TYPED_TEST_P(CertificateIndexContract, GivesTheRecordAsTheLedgerDoes) {
  const auto place = this->Add({});
  this->Revoke(place);
  const auto listed = this->Page(this->Query()).records.at(0);
  const auto found =
      **SyncWait(this->fixture.ledger().FindCertificate(place.key, Reading::kSeen, this->Soon()));
  EXPECT_EQ(listed.tbs, found.tbs);
  EXPECT_EQ(listed.facts.key, found.facts.key);
  EXPECT_EQ(listed.facts.lineage.lineage, found.facts.lineage.lineage);
  EXPECT_EQ(listed.recorded_at, found.recorded_at);
  EXPECT_EQ(listed.revocation->revoked_at, found.revocation->revoked_at);
  EXPECT_TRUE(std::holds_alternative<SignedOutcome>(*listed.outcome));
}

REGISTER_TYPED_TEST_SUITE_P(CertificateIndexContract, ListsSoonestExpiryFirstAcrossLifetimeClasses,
                            ListsNewestFirstAcrossLifetimeClasses, PagesPartAndRepeatNothing,
                            APageThatEndsTheListSaysSo, WhatIsAddedMeanwhileMovesNoPage,
                            EveryStateFindsItsOwn, ExpiryIsTheSecondAfterNotAfter,
                            FiltersByWhatTheRecordSays, FiltersByTimesToTheMicrosecond,
                            HoldersFindWhatTheyAskedForAndTheirLineage, OtherIssuersAreNotListed,
                            GivesTheRecordAsTheLedgerDoes);

}  // namespace mayfly::contract
