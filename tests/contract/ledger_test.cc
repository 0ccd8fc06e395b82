// The ledger's contract, for the fake and for PostgreSQL, and what only PostgreSQL can show.
#include "store/ledger.h"

#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "store/ca_registry.h"
#include "store/maintenance.h"
#include "store/migrator.h"
#include "store/status_source.h"
#include "tests/contract/ledger_contract.h"
#include "tests/contract/postgres_fixture.h"

namespace mayfly::contract {

struct MemoryFixture {
  Ledger& ledger() { return memory; }
  Lineages& lineages() { return memory; }
  void AddBlock(policy::Block block) { memory.AddBlock(std::move(block)); }
  void FailNextCommit(CommitFault fault) { memory.FailNextCommit(fault); }
  SystemClock clock;
  fakes::MemoryLedger memory{clock};
};

inline const std::string& SharedDatabase() {
  static const std::string database = PostgresCluster::Shared().NewMigratedDatabase();
  return database;
}

struct PostgresFixture {
  explicit PostgresFixture(const std::string& database = SharedDatabase())
      : connection(PostgresCluster::Shared().Connection(database)) {}
  Ledger& ledger() { return pg; }
  Lineages& lineages() { return pg; }
  void AddBlock(policy::Block block) {
    BlockEntry entry{std::move(block), BlockEffect::kBlocks, "a test", "local:0"};
    auto added = SyncWait(pg.AddBlock(std::move(entry), clock.BootNow() + Seconds(20)));
    ASSERT_TRUE(added) << Describe(added.error(), ErrorText::kForLog);
  }
  void FailNextCommit(CommitFault fault) {
    PostgresCluster::Shared().Arm(
        fault == CommitFault::kDidPersist ? "store.commit.lost" : "store.commit.not-sent", "error");
  }
  store::Session As(const std::string& role) {
    return store::Session({.connection = connection, .role = role});
  }

  std::string connection;
  SystemClock clock;
  ThreadPool executor{2};
  Timer timer{clock};
  store::PgLedger pg{{.connection = connection,
                      .password_file = std::nullopt,
                      .executor = executor,
                      .timer = timer,
                      .clock = clock}};
};

namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LedgerContract, MemoryFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, LedgerContract, PostgresFixture);

class PostgresLedger : public LedgerContract<PostgresFixture> {
 protected:
  std::string Connection() { return fixture.connection; }
  std::string One(const std::string& sql, const std::string& role = "postgres") {
    return fixture.As(role).Exec(sql)[0][0].c_str();
  }
  std::string StateOf(const std::string& sql, const std::string& role) {
    store::Session session({.connection = Connection(), .role = role});
    try {
      session.Exec(sql);
    } catch (const store::SqlError& error) {
      return error.sqlstate();
    }
    return "done";
  }
};

TEST_F(PostgresLedger, IssuingRoleCanNeitherUpdateNorDelete) {
  auto tables =
      fixture.As("postgres")
          .Exec(
              "SELECT c.relname, min(a.attname) FROM pg_class c JOIN pg_attribute a ON "
              "a.attrelid = c.oid AND a.attnum > 0 AND a.attidentity = '' AND NOT a.attisdropped "
              "WHERE c.relnamespace = 'mayfly'::regnamespace AND c.relkind IN ('r', 'p') GROUP BY "
              "1");
  EXPECT_GE(tables.size(), 16u);
  // Made anew from the ledger where they are lost.
  const std::set<std::string> projections = {"projection_position", "lineage_state", "key_holder"};
  for (const auto& row : tables) {
    const std::string table = row[0].c_str(), column = row[1].c_str();
    if (projections.contains(table)) continue;
    for (const char* role :
         {"mayfly_issue", "mayfly_project", "mayfly_maintain", "mayfly_read", "mayfly_audit"}) {
      EXPECT_EQ(StateOf("UPDATE " + table + " SET " + column + " = " + column, role), "42501")
          << role << " " << table;
      EXPECT_EQ(StateOf("DELETE FROM " + table, role), "42501") << role << " " << table;
      EXPECT_EQ(StateOf("TRUNCATE " + table, role), "42501") << role << " " << table;
    }
    EXPECT_EQ(StateOf("DELETE FROM " + table, "mayfly_respond"), "42501") << table;
  }
  for (const char* table : {"issuer", "ca_certificate", "ca_certificate_outcome", "revocation"}) {
    EXPECT_EQ(One("SELECT has_any_column_privilege('mayfly_issue', '" + std::string(table) +
                  "', 'INSERT')"),
              "f")
        << table;
  }
  EXPECT_EQ(One("SELECT has_column_privilege('mayfly_issue', 'issuance', 'recorded_at', 'INSERT')"),
            "f")
      << "when a row came is the database's to say";
  EXPECT_EQ(StateOf("INSERT INTO block VALUES (1, '', 1, 2, '', '', 1)", "mayfly_issue"), "42501");
  EXPECT_EQ(StateOf("SELECT raise_decision()", "mayfly_issue"), "42501");
  EXPECT_EQ(StateOf("SELECT make_partitions(3)", "mayfly_issue"), "42501");
  EXPECT_EQ(StateOf("SELECT * FROM begin_write()", "mayfly_read"), "42501");
}

TEST_F(PostgresLedger, BadRowFailsOnlyItsOwnRequest) {
  std::vector<CertificateKey> keys;
  for (int i = 0; i < 8; ++i) keys.push_back(Recorded(Entry()));
  auto owner = fixture.As("postgres");
  owner.Exec(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "RAISE EXCEPTION 'refused'; END $$");
  owner.Exec("CREATE TRIGGER refuse BEFORE INSERT ON outcome FOR EACH ROW WHEN (NEW.serial = '\\x" +
             keys[3].serial.Hex() + "') EXECUTE FUNCTION refuse()");
  std::vector<std::future<bool>> results;
  const uint64_t decision = Decision();
  // Held up behind this one, the others share a batch.
  PostgresCluster::Shared().Arm("store.record.committed", "pause");
  auto held = std::async(std::launch::async, [&] { return bool(Record(Entry())); });
  std::this_thread::sleep_for(Milliseconds(200));
  for (const CertificateKey& key : keys) {
    auto promise = std::make_shared<std::promise<bool>>();
    results.push_back(promise->get_future());
    SettleEntry entry{key, SignedOutcome{{1}}, 1, decision};
    Spawn(ledger.Settle(std::move(entry), Soon()),
          [promise](Result<Outcome> outcome) { promise->set_value(bool(outcome)); });
  }
  PostgresCluster::Shared().Disarm("store.record.committed");
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].get(), i != 3) << i;
  EXPECT_TRUE(held.get());
  owner.Exec("DROP FUNCTION refuse() CASCADE");
  EXPECT_TRUE(Settle(keys[3], SignedOutcome{{1}}));
}

TEST_F(PostgresLedger, DeadlockIsTriedAgain) {
  // Two rows that the writer locks in key order, taken by somebody else in the other order.
  const CertificateKey first = Recorded(Entry()), second = Recorded(Entry());
  ASSERT_LT(first, second);
  auto owner = fixture.As("postgres");
  auto take = [&](const CertificateKey& key) {
    owner.Exec("INSERT INTO outcome VALUES ('\\x" + key.serial.Hex() + "', 1, 2, 1, 1, 1)");
  };
  owner.Exec("SET deadlock_timeout = '5s'");  // so that the writer is the one to die
  PostgresCluster::Shared().Arm("store.record.committed", "pause");
  const uint64_t decision = Decision();
  auto held = std::async(std::launch::async, [&] { return bool(Record(Entry())); });
  std::this_thread::sleep_for(Milliseconds(200));
  auto settle = [&](const CertificateKey& key) {
    return std::async(std::launch::async,
                      [&, key] { return bool(Settle(key, SignedOutcome{{1}}, decision)); });
  };
  auto one = settle(first), two = settle(second);
  std::this_thread::sleep_for(Milliseconds(200));
  owner.Exec("BEGIN");
  take(second);
  PostgresCluster::Shared().Disarm("store.record.committed");
  std::this_thread::sleep_for(Milliseconds(300));
  take(first);  // waits for the writer, which waits for `second`
  owner.Exec("ROLLBACK");
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
  EXPECT_TRUE(held.get());
  EXPECT_EQ(SignatureOf(*Find(first)->outcome), Bytes{1});
}

TEST_F(PostgresLedger, DatabaseStoppedAndBack) {
  const RequestKey request = NewRequest();
  const CertificateKey key = Recorded(Entry(Attempt(request)));
  RecordEntry entry = Entry();
  PostgresCluster::Shared().Stop();
  const BootTime asked = clock.BootNow();
  auto refused = Record(std::move(entry));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kStoreUnavailable);
  EXPECT_TRUE(refused.error().retry_after);
  auto unseen = SyncWait(ledger.FindRequest(request, Soon()));
  ASSERT_FALSE(unseen);
  EXPECT_EQ(unseen.error().code, ErrorCode::kStoreUnavailable);
  EXPECT_LT(clock.BootNow() - asked, Seconds(3));
  PostgresCluster::Shared().Start();
  EXPECT_TRUE(FindRequest(request));  // what was acknowledged is there
  std::this_thread::sleep_for(Milliseconds(200));
  EXPECT_TRUE(Settle(key, SignedOutcome{{1}}));
  EXPECT_TRUE(Revoke(key));
}

TEST_F(PostgresLedger, AReadThatWasCancelledLeavesNoSessionBehindInItsTransaction) {
  auto holder = fixture.As("postgres");
  holder.Exec("BEGIN");
  holder.Exec("LOCK TABLE policy_version");
  auto hanging = std::async([&] { return SyncWait(ledger.LoadBasis(Soon())); });
  const std::string cancel =
      "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE usename = 'mayfly_issue' "
      "AND datname = current_database() AND wait_event_type = 'Lock'";
  while (One(cancel) == "0") std::this_thread::sleep_for(Milliseconds(5));
  auto cancelled = hanging.get();
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::kStoreUnavailable);
  holder.Exec("ROLLBACK");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(SyncWait(ledger.LoadBasis(Soon())));
}

TEST_F(PostgresLedger, AnswersInTimeWhileTheWriterHangs) {
  const uint64_t decision = Decision();
  RecordEntry entry = Entry(), behind = Entry();
  entry.decision = behind.decision = decision;
  auto holder = fixture.As("postgres");
  holder.Exec("BEGIN");
  holder.Exec("SELECT pg_advisory_xact_lock(7000001)");
  auto first = SyncWait(ledger.Record(std::move(entry), clock.BootNow() + Milliseconds(300)));
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::kCommitInDoubt);
  auto second = SyncWait(ledger.Record(std::move(behind), clock.BootNow() + Milliseconds(300)));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kDeadlineExceeded);  // still queued: surely not written
  holder.Exec("ROLLBACK");
  EXPECT_TRUE(Record(Entry()));
}

TEST_F(PostgresLedger, RevocationWaitsForLeases) {
  SystemRandom entropy;
  store::PgRevocationFeed feed({.connection = Connection(),
                                .password_file = std::nullopt,
                                .responder = Uuid::MakeV7(clock.Now(), entropy)});
  auto apply_all = [&](Seconds lease) {
    uint64_t applied = std::stoull(One("SELECT coalesce(max(number), 0) FROM revocation"));
    return feed.WriteLease(applied, lease, Seconds(3600));
  };
  ASSERT_TRUE(apply_all(Seconds(60)));
  const CertificateKey key = Issued();
  RevokeEntry entry{key, RevocationReason::kSuperseded, "local:0"};
  auto waiting = SyncWait(ledger.Revoke(entry, clock.BootNow() + Milliseconds(500)));
  EXPECT_EQ(RuleOf(waiting), "ledger.lease-outstanding");
  EXPECT_TRUE(Find(key)->revocation);

  const BootTime listening = clock.BootNow();
  feed.WaitForHint(Seconds(5));
  EXPECT_LT(clock.BootNow() - listening, Seconds(2));  // it was hinted at
  auto news = feed.RevocationsAfter(0, 1000);
  ASSERT_TRUE(news);
  EXPECT_EQ(news->back().key, key);
  ASSERT_TRUE(apply_all(Seconds(60)));
  auto receipt = Revoke(key);
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(receipt->was_revoked_before);
  EXPECT_EQ(receipt->good_answers_until, receipt->revocation.revoked_at + Seconds(3600));

  // A lapsed lease is not waited for, and is not taken up again from before the revocation.
  ASSERT_TRUE(feed.DropLease());
  const CertificateKey other = Issued();
  ASSERT_TRUE(Revoke(other));
  EXPECT_EQ(RuleOf(feed.WriteLease(receipt->revocation.number, Seconds(60), Seconds(60))),
            "lease.behind");
  EXPECT_TRUE(apply_all(Seconds(1)));
  ASSERT_TRUE(feed.DropLease());
}

TEST_F(PostgresLedger, WhatIsFoundIsReleasedAfterAWrite) {
  const RequestKey request = NewRequest();
  const CertificateKey key = Recorded(Entry(Attempt(request)));
  ASSERT_TRUE(Settle(key, SignedOutcome{{1}}));
  ASSERT_TRUE(Revoke(key));
  auto owner = fixture.As("postgres");
  auto written = [&]() -> int64_t {
    return owner.Exec("SELECT pg_current_wal_flush_lsn() - '0/0'")[0][0].as<int64_t>();
  };
  auto expect_a_flush = [&](const char* what, auto call) {
    for (int i = 0; i < 3; ++i) {
      const int64_t before = written();
      call();
      EXPECT_GT(written(), before) << what;
    }
  };
  expect_a_flush("a request that came before", [&] { EXPECT_TRUE(FindRequest(request)); });
  expect_a_flush("a lost race", [&] { EXPECT_TRUE(Settle(key, SignedOutcome{{2}})); });
  expect_a_flush("revoked before", [&] { EXPECT_TRUE(Revoke(key)); });
}

TEST_F(PostgresLedger, StatusOfOneSerial) {
  using Standing = LedgerStatus::Standing;
  store::PgStatusSource source({.connection = Connection(),
                                .password_file = std::nullopt,
                                .executor = fixture.executor,
                                .timer = fixture.timer,
                                .clock = fixture.clock});
  auto lookup = [&](const CertificateKey& key) {
    auto status = SyncWait(source.Lookup(key, Soon()));
    EXPECT_TRUE(status) << Describe(status.error(), ErrorText::kForLog);
    return *status;
  };
  const CertificateKey key = Recorded(Entry());
  EXPECT_EQ(lookup(key).standing, Standing::kIntent);
  EXPECT_GT(lookup(key).not_after, lookup(key).database_now);
  ASSERT_TRUE(Settle(key, SignedOutcome{{1}}));
  EXPECT_EQ(lookup(key).standing, Standing::kIssued);
  EXPECT_FALSE(lookup(key).revocation);
  ASSERT_TRUE(Revoke(key));
  EXPECT_EQ(lookup(key).revocation->reason, RevocationReason::kKeyCompromise);
  const CertificateKey intent = Recorded(Entry());
  ASSERT_TRUE(Settle(intent, AbandonedOutcome{}));
  EXPECT_EQ(lookup(intent).standing, Standing::kAbandoned);
  EXPECT_EQ(lookup({key.serial, IssuerId{9}}).standing, Standing::kAbsent);
}

TEST_F(PostgresLedger, StaleIntentsAreAbandoned) {
  const CertificateKey old = Recorded(Entry(std::nullopt, Seconds(20)));
  const CertificateKey young = Recorded(Entry());
  const CertificateKey issued = Issued();
  auto count = SyncWait(fixture.pg.AbandonStaleIntents(Seconds(10), Soon()));
  ASSERT_TRUE(count) << Describe(count.error(), ErrorText::kForLog);
  EXPECT_GE(*count, 1u);
  EXPECT_TRUE(IsAbandoned(*Find(old)->outcome));
  EXPECT_FALSE(Find(young)->outcome);
  EXPECT_FALSE(IsAbandoned(*Find(issued)->outcome));
}

TEST_F(PostgresLedger, IntentsFromBeforeALongStopAreAbandoned) {
  // Nobody can record in the past; so the superuser moves a young intent there.
  const CertificateKey young = Recorded(Entry());
  auto owner = fixture.As("postgres");
  for (const char* parent : {"issuance", "outcome"}) {
    owner.Exec(std::string("SELECT mayfly.make_partition('") + parent + "', '" + parent +
               "_c3_past', '\\x23' || mayfly.day_ms_hex(current_date - 60), "
               "'\\x23' || mayfly.day_ms_hex(current_date - 50))");
  }
  owner.Exec("CREATE TEMP TABLE past AS SELECT * FROM mayfly.issuance WHERE serial = '\\x" +
             young.serial.Hex() + "'");
  owner.Exec(
      "UPDATE past SET recorded_at = recorded_at - interval '55 days', serial = "
      "'\\x23'::bytea || decode(lpad(to_hex((extract(epoch FROM recorded_at - interval '55 days') "
      "* 1000)::bigint), 12, '0'), 'hex') || substr(serial, 8)");
  owner.Exec("INSERT INTO mayfly.issuance SELECT * FROM past");
  uint64_t abandoned = 0;
  for (int call = 0; call < 20 && abandoned == 0; ++call) {
    abandoned = *SyncWait(fixture.pg.AbandonStaleIntents(Seconds(1000), Soon()));
  }
  const auto outcomes =
      owner.Exec("SELECT count(*) FROM mayfly.outcome o JOIN past USING (serial) WHERE o.kind = 2");
  EXPECT_EQ(outcomes[0][0].as<int>(), 1);
}

TEST_F(PostgresLedger, NotesAreWrittenAndBadOnesDropped) {
  const std::string principal = "local:" + NewRequest().id.ToString();
  ledger.Note({"denial", principal, "{\"rule\": \"policy.name\"}"});
  ledger.Note({"denial", principal, "not JSON"});
  ledger.Note({"denial", principal, "{}"});
  const std::string count = "SELECT count(*) FROM event WHERE principal = '" + principal + "'";
  for (int i = 0; i < 100 && One(count) != "2"; ++i) std::this_thread::sleep_for(Milliseconds(20));
  EXPECT_EQ(One(count), "2");
  EXPECT_EQ(fixture.pg.events_dropped(), 1u);
}

TEST_F(PostgresLedger, LookupOpensOnePartition) {
  EXPECT_EQ(One("SELECT count(*) FROM pg_inherits WHERE inhparent = 'mayfly.issuance'::regclass "
                "AND inhrelid::regclass::text LIKE 'mayfly_partitions.issuance_c1_%'"),
            "5");
  const CertificateKey key = Issued();
  auto plan = fixture.As("mayfly_issue")
                  .Exec("EXPLAIN SELECT * FROM issuance WHERE serial = '\\x" + key.serial.Hex() +
                        "' AND issuer_id = 1");
  int scans = 0;
  for (const auto& row : plan) {
    scans += std::string_view(row[0].c_str()).find("Scan") != std::string_view::npos &&
             std::string_view(row[0].c_str()).find("issuance_c1_") != std::string_view::npos;
  }
  EXPECT_EQ(scans, 1);
  auto made = store::MakePartitions(Connection(), std::nullopt);
  ASSERT_TRUE(made) << Describe(made.error(), ErrorText::kForLog);
  EXPECT_EQ(*made, 0);  // Migrate made them all
}

TEST_F(PostgresLedger, EveryLifetimeClassHasAPartition) {
  constexpr Seconds kDay{24 * 3600};
  for (Seconds lifetime : {7 * kDay, 8 * kDay, 100 * kDay, 101 * kDay}) {
    EXPECT_TRUE(Find(Recorded(Entry(std::nullopt, Seconds(0), lifetime)))) << lifetime.count();
  }
}

// What the database's owner can make of the table of issuers.
TEST_F(PostgresLedger, AnIssuerIsThereOnce) {
  store::PgCaRegistry registry({.connection = Connection(),
                                .password_file = std::nullopt,
                                .role = "postgres",
                                .principal = "local:0"});
  const auto subject = *x509::Name::CommonName("Mayfly root 1");
  ASSERT_TRUE(registry.RegisterIssuer("root-1", subject, fakes::FixedPublicKey()));
  auto owner = fixture.As("postgres");
  owner.Exec("CREATE TABLE another () INHERITS (issuer)");
  for (const char* columns : {"id + 76, name", "id, 'another'"}) {
    owner.Exec("INSERT INTO another SELECT " + std::string(columns) +
               ", subject, spki, spki_hash FROM ONLY issuer");
    EXPECT_EQ(RuleOf(registry.Issuers()), "issuer.twice") << columns;
    owner.Exec("DELETE FROM another");
    EXPECT_TRUE(registry.Issuers()) << columns;
  }
}

TEST_F(PostgresLedger, RegistryKeepsIssuersAndTheirCertificates) {
  store::PgCaRegistry registry({.connection = Connection(),
                                .password_file = std::nullopt,
                                .role = "postgres",
                                .principal = "local:0"});
  const auto subject = *x509::Name::CommonName("Mayfly root 1");
  const auto key = fakes::FixedPublicKey();
  auto issuer = registry.RegisterIssuer("root-1", subject, key);
  ASSERT_TRUE(issuer) << Describe(issuer.error(), ErrorText::kForLog);
  EXPECT_EQ(registry.RegisterIssuer("root-1", subject, key)->id, issuer->id);
  const auto other_subject = *x509::Name::CommonName("Another");
  EXPECT_EQ(RuleOf(registry.RegisterIssuer("root-1", other_subject, key)), "issuer.changed");
  EXPECT_EQ(RuleOf(registry.RegisterIssuer("root-2", subject, key)), "issuer.changed");
  EXPECT_EQ(registry.Issuers()->size(), 1u);

  auto tbs = fakes::MakeLintedRootTbs(clock.Now(), random, subject);
  auto recorded = registry.RecordCaCertificate(tbs, issuer->id, issuer->id, policy::CaKind::kRoot);
  ASSERT_TRUE(recorded) << Describe(recorded.error(), ErrorText::kForLog);
  EXPECT_TRUE(registry.CaCertificates()->empty());  // not confirmed
  // SEQUENCE of two INTEGERs, as an ECDSA signature is.
  const Bytes signature = {0x30, 6, 2, 1, 1, 2, 1, 1};
  ASSERT_TRUE(registry.ConfirmCaCertificate(recorded->key(), signature));
  ASSERT_TRUE(registry.ConfirmCaCertificate(recorded->key(), Bytes{0x30, 6, 2, 1, 2, 2, 1, 2}));
  auto certificates = registry.CaCertificates();
  ASSERT_TRUE(certificates) << Describe(certificates.error(), ErrorText::kForLog);
  ASSERT_EQ(certificates->size(), 1u);
  EXPECT_TRUE(Equal(certificates->front().certificate.signature(), signature));
  EXPECT_TRUE(Equal(certificates->front().certificate.tbs().der(), recorded->tbs()));

  store::Session session({.connection = Connection(), .role = "postgres", .password_file = {}});
  const auto events = session.Exec(
      "SELECT principal, detail->>'issuer', detail->>'subject', detail->>'tbs_der', "
      "detail->>'signature' FROM event WHERE kind = 'ca.certified'");
  ASSERT_EQ(events.size(), 1) << "the second signature is no certificate";
  EXPECT_STREQ(events[0][0].c_str(), "local:0");
  EXPECT_STREQ(events[0][1].c_str(), "root-1");
  EXPECT_STREQ(events[0][2].c_str(), "root-1");
  EXPECT_EQ(events[0][3].c_str(), ToBase64(recorded->tbs()));
  EXPECT_EQ(events[0][4].c_str(), ToBase64(signature));
}

class PlannedOnce : public testing::Test {
 protected:
  store::Session session_{{.connection = PostgresCluster::Shared().Connection(SharedDatabase()),
                           .plans = store::Plans::kOnce}};
  std::string Value(int64_t number) {
    return session_.Exec("SELECT * FROM thing WHERE number = $1", store::Params().Add(number))[0][0]
        .c_str();
  }
  void Add(int64_t number) {
    session_.Exec("INSERT INTO thing (number) VALUES ($1)", store::Params().Add(number));
  }
};

TEST_F(PlannedOnce, KnowsPartitionsMadeLater) {
  session_.Exec("CREATE TEMPORARY TABLE thing (number bigint) PARTITION BY RANGE (number)");
  session_.Exec("CREATE TEMPORARY TABLE thing_1 PARTITION OF thing FOR VALUES FROM (0) TO (9)");
  Add(1);
  EXPECT_EQ(Value(1), "1");
  EXPECT_THROW(Add(10), store::SqlError);
  session_.Exec("CREATE TEMPORARY TABLE thing_2 PARTITION OF thing FOR VALUES FROM (9) TO (19)");
  Add(10);
  EXPECT_EQ(Value(10), "10");
  EXPECT_EQ(Value(1), "1");
  session_.Exec("DROP TABLE thing_1");
  EXPECT_EQ(Value(10), "10");
}

TEST_F(PlannedOnce, APlanThatIsStaleIsALostSession) {
  const auto lost = [&] {
    try {
      Value(1);
    } catch (const store::SqlError& error) {
      return error.kind() == store::SqlError::Kind::kLost && !session_.usable();
    }
    return false;
  };
  session_.Exec("CREATE TEMPORARY TABLE thing AS SELECT 1 AS number");
  EXPECT_EQ(Value(1), "1");
  session_.Exec("ALTER TABLE thing ADD COLUMN other integer");
  EXPECT_TRUE(lost()) << "it would give one column more";
}

TEST_F(PlannedOnce, AStatementThatIsGoneIsALostSession) {
  EXPECT_STREQ(session_.Exec("SELECT $1", store::Params().Add(7))[0][0].c_str(), "7");
  session_.Exec("DEALLOCATE ALL");
  try {
    session_.Exec("SELECT $1", store::Params().Add(7));
    FAIL() << "there is no such statement";
  } catch (const store::SqlError& error) {
    EXPECT_EQ(error.kind(), store::SqlError::Kind::kLost);
  }
}

TEST(Migrator, RefusesNewerOlderAndDirty) {
  auto& cluster = PostgresCluster::Shared();
  const std::string connection = cluster.Connection(cluster.NewDatabase());
  auto all = schema::Migrations();
  EXPECT_EQ(RuleOf(store::CheckSchema(connection)), "schema.older");
  ASSERT_TRUE(store::Migrate(connection));
  EXPECT_TRUE(store::Migrate(connection));  // again: nothing to do
  EXPECT_TRUE(store::CheckSchema(connection));

  auto more = all;
  more.push_back({static_cast<int>(all.size()) + 1, "9999_more", "CREATE TABLE more (x integer)"});
  EXPECT_EQ(RuleOf(store::CheckSchema(connection, more)), "schema.older");
  ASSERT_TRUE(store::Migrate(connection, more));
  EXPECT_EQ(RuleOf(store::CheckSchema(connection)), "schema.newer");
  EXPECT_EQ(RuleOf(store::Migrate(connection)), "schema.newer");
  auto changed = more;
  changed.back().sql = "CREATE TABLE more (y integer)";
  EXPECT_EQ(RuleOf(store::CheckSchema(connection, changed)), "schema.dirty");
  EXPECT_EQ(RuleOf(store::Migrate(connection, changed)), "schema.dirty");

  auto failing = more;
  failing.push_back(
      {static_cast<int>(more.size()) + 1, "9999_bad", "CREATE TABLE b (x integer); SELECT 1/0"});
  EXPECT_EQ(RuleOf(store::Migrate(connection, failing)), "schema.migration-failed");
  EXPECT_TRUE(store::CheckSchema(connection, more));  // rolled back whole
}

TEST(Migrator, SeveralAtOnceWaitForEachOther) {
  auto& cluster = PostgresCluster::Shared();
  const std::string connection = cluster.Connection(cluster.NewDatabase());
  std::vector<std::future<bool>> runs;
  for (int i = 0; i < 3; ++i) {
    runs.push_back(
        std::async(std::launch::async, [&] { return bool(store::Migrate(connection)); }));
  }
  for (auto& run : runs) EXPECT_TRUE(run.get());
}

TEST(Schema, IsTheGoldenOne) {
  auto& cluster = PostgresCluster::Shared();
  if (cluster.major_version() != 15) GTEST_SKIP() << "the golden dump is PostgreSQL 15's";
  const std::string database = "'" + cluster.Connection(cluster.NewMigratedDatabase()) + "'";
  // Partitions of one day stand for all; those that were made today have other names tomorrow.
  cluster.Run(
      {"psql", "-q", "-d", database, "-c",
       "\"SELECT mayfly.make_partition('issuance', 'issuance_c1_20000101', "
       "'\\x2100dc6acfac00', '\\x2100dc6ff60800'), "
       "mayfly.make_partition('outcome', 'outcome_c1_20000101', "
       "'\\x2100dc6acfac00', '\\x2100dc6ff60800'), "
       "mayfly.make_partition('request', 'request_20000101', "
       "'00dc6acf-ac00-0000-0000-000000000000', '00dc6ff6-0800-0000-0000-000000000000')\""});
  const std::string dump =
      cluster.Run({"pg_dump", "--schema-only", "--no-owner",
                   "--exclude-table='mayfly_partitions.*_20[1-9]*'", "-d", database});
  std::istringstream lines(dump);
  std::string normal, line;
  bool is_in_function = false;
  while (std::getline(lines, line)) {
    // Versions and session tokens of pg_dump are not the schema's; nor are comments.
    const bool is_told = line.empty() || line.starts_with("--") || line.starts_with("\\");
    if (is_told && !is_in_function) continue;
    if (line.find("$$") != std::string::npos) is_in_function = !is_in_function;
    normal += line + "\n";
  }
  const std::string path = std::string(MAYFLY_SOURCE_DIR) + "/schema/golden/postgresql-15.sql";
  if (std::getenv("MAYFLY_REMAKE_GOLDEN")) std::ofstream(path) << normal;
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(normal, golden.str()) << "remake it with schema/golden/remake and review the change";
}

}  // namespace
}  // namespace mayfly::contract
