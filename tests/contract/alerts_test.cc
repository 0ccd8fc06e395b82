// What is told from the ledger's closed ticks: keys of two identities, copied keys, lineages that
// stopped renewing; and what is not told.
#include <gtest/gtest.h>

#include <thread>

#include "base/system.h"
#include "store/alert_index.h"
#include "store/certificate_index.h"
#include "store/ledger.h"
#include "store/projector.h"
#include "tests/contract/postgres_fixture.h"
#include "tests/fakes/linted_tbs.h"

namespace mayfly::contract {
namespace {

constexpr IssuerId kIssuer{1};

class Alerts : public testing::Test {
 protected:
  Alerts() {
    Sql("INSERT INTO issuer (name, subject, spki, spki_hash) "
        "VALUES ('issuing-1', '\\x30', '\\x30', sha256('\\x30'))");
  }

  BootTime Soon() { return clock_.BootNow() + Seconds(20); }
  pqxx::result Sql(const std::string& text, const store::Params& params = {}) {
    return store::Session({.connection = connection_, .role = "postgres"}).Exec(text, params);
  }
  static store::Params Of(const CertificateKey& key) {
    return store::Params().Add(key.serial.octets());
  }

  Uuid NewLineage() { return Uuid::MakeV7(clock_.Now(), random_); }
  // Of web.internal, for an hour; everything has the same key.
  RecordEntry Entry(const Uuid& lineage, uint32_t generation = 0) {
    const TimePoint now = clock_.Now();
    return {.tbs = fakes::MakeLintedTbs(now, random_, Seconds(3600)),
            .issuer = kIssuer,
            .lineage = {lineage, generation, std::nullopt},
            .profile = "server",
            .principal = "dns:web.internal",
            .policy_version = 1,
            .decision = SyncWait(ledger_.LoadBasis(Soon()))->decision,
            .renewal = {now + Seconds(2400), now + Seconds(3000)},
            .request = std::nullopt};
  }
  CertificateKey Issue(const Uuid& lineage, uint32_t generation = 0) {
    RecordEntry entry = Entry(lineage, generation);
    const uint64_t decision = entry.decision;
    auto record = SyncWait(ledger_.Record(std::move(entry), Soon()));
    EXPECT_TRUE(record) << Describe(record.error(), ErrorText::kForLog);
    const CertificateKey key = record->facts().key;
    EXPECT_TRUE(SyncWait(ledger_.Settle({key, SignedOutcome{{1}}, 1, decision}, Soon())));
    return key;
  }
  // As if it were of another name, of the same length.
  void GiveTo(const CertificateKey& key, const char* name) {
    Sql("UPDATE issuance SET tbs = overlay(tbs PLACING convert_to('" + std::string(name) +
            "', 'UTF8') FROM position(convert_to('web.internal', 'UTF8') IN tbs)) "
            "WHERE serial = $1::bytea",
        Of(key));
  }
  // As if its time to renew had passed.
  void LetLapse(const CertificateKey& key, int64_t lifetime_seconds = 3600) {
    Sql("UPDATE issuance SET renew_until = recorded_at, "
        "not_after = recorded_at + $2::bigint * interval '1 s' WHERE serial = $1::bytea",
        Of(key).Add(lifetime_seconds));
  }
  void Revoke(const CertificateKey& key) {
    EXPECT_TRUE(SyncWait(ledger_.Revoke({key, RevocationReason::kSuperseded, "local:0"}, Soon())));
  }
  void CloseTick() { Sql("UPDATE control SET tick = tick + 1"); }
  int64_t Project() {
    CloseTick();
    return Advance();
  }
  // How many ticks it read.
  int64_t Advance() {
    const auto read = projector_.Advance();
    EXPECT_TRUE(read) << Describe(read.error(), ErrorText::kForLog);
    return read ? *read : -1;
  }
  AlertList List(size_t count_max = 100) {
    auto list = SyncWait(alerts_.Alerts(count_max, Soon()));
    EXPECT_TRUE(list) << Describe(list.error(), ErrorText::kForLog);
    return list ? *std::move(list) : AlertList{};
  }
  std::vector<AlertKind> Kinds() {
    std::vector<AlertKind> kinds;
    for (const Alert& alert : List().alerts) kinds.push_back(alert.kind);
    return kinds;
  }

  const std::string connection_ =
      PostgresCluster::Shared().Connection(PostgresCluster::Shared().NewMigratedDatabase());
  SystemClock clock_;
  SystemRandom random_;
  ThreadPool executor_{2};
  Timer timer_{clock_};
  store::PgLedger ledger_{{.connection = connection_,
                           .password_file = std::nullopt,
                           .executor = executor_,
                           .timer = timer_,
                           .clock = clock_}};
  store::PgAlertIndex alerts_{{.connection = connection_,
                               .password_file = std::nullopt,
                               .executor = executor_,
                               .timer = timer_,
                               .clock = clock_}};
  store::PgCertificateIndex index_{{.connection = connection_,
                                    .password_file = std::nullopt,
                                    .executor = executor_,
                                    .timer = timer_,
                                    .clock = clock_}};
  store::Projector projector_{connection_, std::nullopt};
};

using Kind = AlertKind;

TEST_F(Alerts, AKeyOfTwoIdentitiesUntilOneIsLeft) {
  const CertificateKey web = Issue(NewLineage());
  Issue(NewLineage());  // the same key for the same names is nothing to look at
  const CertificateKey api = Issue(NewLineage());
  GiveTo(api, "api.internal");
  Project();
  const AlertList list = List();
  ASSERT_EQ(list.alerts.size(), 2u) << "each of the two";
  EXPECT_EQ(list.alerts[0].kind, Kind::kKeyShared);
  EXPECT_EQ(list.alerts[1].certificate, api);
  EXPECT_EQ(list.alerts[1].names.at(0).ToString(), "DNS:api.internal");
  EXPECT_EQ(list.alerts[1].issuer_name, "issuing-1");
  EXPECT_EQ(List(1).alerts.size(), 1u);
  EXPECT_EQ(List(1).by_kind.at(Kind::kKeyShared), 2u);
  Revoke(api);
  EXPECT_TRUE(Kinds().empty());
}

TEST_F(Alerts, AKeyThatAnotherHoldsCannotBeClaimed) {
  const RecordEntry held = Entry(NewLineage());
  const KeyClaim web{held.tbs.tbs().fields().public_key.hash(),
                     IdentityHash(*held.tbs.tbs().names())};
  const KeyClaim api{web.spki_hash, Hash256{1}};
  auto claim = [this](const KeyClaim& wanted) {
    auto is_anothers = SyncWait(index_.IsAnothersKey(wanted, Soon()));
    RecordEntry entry = Entry(NewLineage());
    entry.key_claim = wanted;
    auto recorded = SyncWait(ledger_.Record(std::move(entry), Soon()));
    EXPECT_EQ(*is_anothers, !recorded);
    return recorded ? "" : recorded.error().rule;
  };
  Issue(NewLineage());  // which claims nothing
  Project();
  EXPECT_EQ(claim(api), "policy.key-reused");
  EXPECT_EQ(claim(web), "");
  EXPECT_EQ(claim(api), "policy.key-reused");  // claimed by now
  Sql("DELETE FROM key_claim");
  Sql("UPDATE key_holder SET not_after = now() - interval '1 s'");
  EXPECT_EQ(claim(api), "");
  EXPECT_EQ(claim(web), "policy.key-reused");
}

TEST_F(Alerts, OnlyWhatIsInAClosedTick) {
  const Uuid lineage = NewLineage();
  LetLapse(Issue(lineage));
  EXPECT_EQ(Advance(), 0);
  EXPECT_TRUE(Kinds().empty());
  EXPECT_EQ(Project(), 1);
  EXPECT_EQ(Kinds(), std::vector{Kind::kRenewalOverdue});
  EXPECT_EQ(List().ticks_behind, 0u);
  CloseTick();
  EXPECT_EQ(List().ticks_behind, 1u);
  EXPECT_EQ(Advance(), 1);
  EXPECT_EQ(Advance(), 0) << "each tick once";
}

TEST_F(Alerts, OneOfFiftyStopsRenewingAndOneIsCopied) {
  std::vector<Uuid> lineages;
  for (int i = 0; i < 50; ++i) lineages.push_back(NewLineage());
  for (const Uuid& lineage : lineages) LetLapse(Issue(lineage));
  Project();
  EXPECT_EQ(Kinds().size(), 50u);
  for (size_t i = 0; i < lineages.size(); ++i) {
    if (i != 7) Issue(lineages[i], 1);
  }
  for (int twice = 0; twice < 2; ++twice) {
    ledger_.Note({"lineage.copied-key", "dns:web.internal",
                  "{\"lineage\": \"" + lineages[11].ToString() + "\"}"});
  }
  for (int i = 0; i < 1000 && Sql("SELECT count(*) FROM event")[0][0].as<int>() < 2; ++i) {
    std::this_thread::sleep_for(Milliseconds(5));
  }
  Project();
  const AlertList list = List();
  ASSERT_EQ(list.alerts.size(), 2u);
  EXPECT_EQ(list.alerts[0].kind, Kind::kRenewalOverdue);
  EXPECT_EQ(list.alerts[0].lineage, lineages[7]);
  EXPECT_EQ(list.alerts[1].kind, Kind::kKeyCopied);
  EXPECT_EQ(list.alerts[1].lineage, lineages[11]);
}

TEST_F(Alerts, ReplacementsAreCountedOneByOne) {
  const CertificateKey first = Issue(NewLineage());
  std::this_thread::sleep_for(Milliseconds(20));
  const CertificateKey second = Issue(NewLineage());
  LetLapse(first, 1);
  LetLapse(second, 1);
  Project();
  EXPECT_EQ(Kinds().size(), 2u) << "siblings do not replace each other";
  std::this_thread::sleep_for(Milliseconds(600));  // past half of their lives
  Issue(NewLineage());
  Project();
  const AlertList list = List();
  ASSERT_EQ(list.alerts.size(), 1u) << "one new certificate replaces one";
  EXPECT_EQ(list.alerts[0].certificate, first);
  Issue(NewLineage());
  Project();
  EXPECT_TRUE(Kinds().empty());
}

TEST_F(Alerts, AnOlderGenerationChangesNothingAndARevokedOneIsNotMissed) {
  const Uuid lineage = NewLineage();
  const CertificateKey old = Issue(lineage, 1);
  LetLapse(old);
  const CertificateKey newest = Issue(lineage, 2);
  Project();
  Issue(lineage, 1);
  Revoke(old);
  Project();
  EXPECT_TRUE(Kinds().empty());
  LetLapse(Issue(lineage, 3));
  Project();
  EXPECT_EQ(Kinds(), std::vector{Kind::kRenewalOverdue});
  const CertificateKey last = List().alerts[0].certificate;
  EXPECT_NE(last, newest);
  Revoke(last);
  Project();
  EXPECT_TRUE(Kinds().empty());
}

TEST_F(Alerts, AreMadeAnewFromTheLedger) {
  const Uuid silent = NewLineage(), revoked = NewLineage();
  LetLapse(Issue(silent));
  const CertificateKey gone = Issue(revoked, 1);
  LetLapse(gone);
  Project();
  Issue(NewLineage(), 3);
  Revoke(gone);
  Project();
  const auto told = [this] {
    std::vector<std::pair<Kind, CertificateKey>> all;
    for (const Alert& alert : List().alerts) all.emplace_back(alert.kind, alert.certificate);
    return all;
  };
  const auto before = told();
  EXPECT_EQ(before.size(), 1u);
  Sql("TRUNCATE lineage_state, key_holder");
  Sql("UPDATE projection_position SET tick = 0");
  EXPECT_TRUE(told().empty());
  EXPECT_GT(Project(), 2) << "all that was ever closed";
  EXPECT_EQ(told(), before);
}

TEST_F(Alerts, WhatIsLongOverIsForgotten) {
  const CertificateKey key = Issue(NewLineage());
  Sql("UPDATE issuance SET renew_until = now() - interval '3 days', "
      "not_after = now() - interval '3 days' WHERE serial = $1::bytea",
      Of(key));
  Project();
  EXPECT_EQ(Sql("SELECT count(*) FROM lineage_state")[0][0].as<int>(), 0);
  EXPECT_EQ(Sql("SELECT count(*) FROM key_holder")[0][0].as<int>(), 0);
}

}  // namespace
}  // namespace mayfly::contract
