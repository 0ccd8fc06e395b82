// The audit log's contract, for the fake and for PostgreSQL, and what only PostgreSQL can show.
#include "store/audit_log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "base/system.h"
#include "store/ledger.h"
#include "tests/contract/ledger_contract.h"
#include "tests/contract/postgres_fixture.h"
#include "tests/fakes/memory_audit_log.h"

namespace mayfly::contract {

// Only its ways to write are used here.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LedgerContract);

namespace {

constexpr char kOrigin[] = "mayfly.internal/audit";

struct MemoryAudit {
  AuditLog& log() { return memory; }
  void WriteEvent(const std::string& kind) { memory.WriteEvent(kind); }
  fakes::MemoryTicks ticks;
  fakes::MemoryAuditLog memory{ticks};
};

struct PostgresAudit {
  AuditLog& log() { return pg; }
  store::Session As(const std::string& role) {
    return store::Session({.connection = connection, .role = role});
  }
  void WriteEvent(const std::string& kind) {
    store::Session session = As("mayfly_issue");
    store::Transaction transaction(session);
    const auto tick = session.Exec("SELECT tick FROM begin_write()")[0][0].as<int64_t>();
    session.Exec("INSERT INTO event (kind, principal, detail, tick) VALUES ($1, 'a', '{}', $2)",
                 store::Params().Add(kind).Add(tick));
    transaction.Commit();
  }
  store::PgAuditLog Other(std::string origin = kOrigin) {
    return store::PgAuditLog({connection, std::nullopt, std::move(origin)});
  }
  const std::string connection =
      PostgresCluster::Shared().Connection(PostgresCluster::Shared().NewMigratedDatabase());
  store::PgAuditLog pg{{connection, std::nullopt, kOrigin}};
};

std::vector<tlog::LogEntry> Read(AuditLog& log, TickRange ticks) {
  std::vector<tlog::LogEntry> all;
  auto read = log.ReadEntries(ticks, [&](const std::vector<tlog::LogEntry>& some) {
    EXPECT_LE(some.size(), kEntriesAtOnceMax);
    EXPECT_FALSE(some.empty());
    all.insert(all.end(), some.begin(), some.end());
    return Ok();
  });
  EXPECT_TRUE(read) << Describe(read.error(), ErrorText::kForLog);
  return all;
}

std::string KindsOf(const std::vector<tlog::LogEntry>& entries) {
  std::string kinds;
  for (const tlog::LogEntry& entry : entries) kinds += std::get<tlog::AdminEvent>(entry.body).kind;
  return kinds;
}

template <class Fixture>
class AuditLogContract : public testing::Test {
 protected:
  uint64_t Close() { return *fixture.log().CloseTick(); }
  Fixture fixture;
  AuditLog& log = fixture.log();
};
using Fixtures = testing::Types<MemoryAudit, PostgresAudit>;
TYPED_TEST_SUITE(AuditLogContract, Fixtures);

TYPED_TEST(AuditLogContract, WhatWasWrittenBeforeATickClosedIsInItOrBefore) {
  const uint64_t start = this->Close();
  EXPECT_TRUE(Read(this->log, {0, start}).empty());
  this->fixture.WriteEvent("a");
  this->fixture.WriteEvent("b");
  const uint64_t first = this->Close();
  EXPECT_EQ(first, start + 1);
  this->fixture.WriteEvent("c");
  EXPECT_EQ(KindsOf(Read(this->log, {start, first})), "ab");
  const uint64_t second = this->Close();
  EXPECT_EQ(KindsOf(Read(this->log, {first, second})), "c");
  EXPECT_EQ(KindsOf(Read(this->log, {0, second})), "abc");
  EXPECT_EQ(Read(this->log, {0, second})[2].tick, second);
  EXPECT_TRUE(Read(this->log, {second, this->Close()}).empty());
}

TYPED_TEST(AuditLogContract, EntriesComeSomeAtATime) {
  for (size_t i = 0; i < kEntriesAtOnceMax + 1; ++i) this->fixture.WriteEvent("x");
  EXPECT_EQ(Read(this->log, {0, this->Close()}).size(), kEntriesAtOnceMax + 1);
}

TYPED_TEST(AuditLogContract, AnErrorOfTheReceiverEndsTheReading) {
  this->fixture.WriteEvent("x");
  auto read = this->log.ReadEntries({0, this->Close()}, [](const auto&) {
    return Status(Fail(ErrorCode::kInternal, "test.full", "no more"));
  });
  EXPECT_EQ(RuleOf(read), "test.full");
  EXPECT_TRUE(this->log.Newest());
}

TYPED_TEST(AuditLogContract, OneTreeOfASize) {
  EXPECT_EQ(*this->log.Newest(), (LogPosition{{0, tlog::EmptyRoot()}, 0}));
  EXPECT_EQ(*this->log.At(3), std::nullopt);
  const LogPosition three{{3, Hash256{1}}, 7};
  EXPECT_TRUE(this->log.Commit(three));
  EXPECT_TRUE(this->log.Commit(three));
  EXPECT_EQ(RuleOf(this->log.Commit({{3, Hash256{2}}, 7})), "audit.split-view");
  EXPECT_EQ(*this->log.Newest(), three);
  // Who comes later with the same tree does not move its tick.
  EXPECT_TRUE(this->log.Commit({{3, Hash256{1}}, 9}));
  EXPECT_EQ(*this->log.At(3), three);
  const LogPosition five{{5, Hash256{5}}, 9};
  EXPECT_TRUE(this->log.Commit(five));
  EXPECT_EQ(*this->log.Newest(), five);
  EXPECT_EQ(*this->log.At(3), three);
}

class PostgresAuditLog : public testing::Test {
 protected:
  PostgresAudit fixture;
};

TEST_F(PostgresAuditLog, LogsOfOtherOriginsAreOthers) {
  store::PgAuditLog other = fixture.Other("other");
  EXPECT_TRUE(fixture.log().Commit({{3, Hash256{1}}, 7}));
  EXPECT_TRUE(other.Commit({{3, Hash256{2}}, 7}));
  EXPECT_EQ(other.Newest()->tree.root, Hash256{2});
}

// Writers never stop; each row must be in exactly one tick that was read after it had closed.
TEST_F(PostgresAuditLog, ClosedTicksAreCompleteWhoeverWrites) {
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::vector<std::future<void>> writers;
  for (int i = 0; i < 4; ++i) {
    writers.push_back(std::async(std::launch::async, [&] {
      while (!stop) {
        fixture.WriteEvent("e");
        ++written;
      }
    }));
  }
  std::set<uint64_t> seen;
  uint64_t after = 0;
  for (int i = 0; i < 40; ++i) {
    const int before = written;
    const uint64_t closed = *fixture.log().CloseTick();
    for (const tlog::LogEntry& entry : Read(fixture.log(), {after, closed})) {
      EXPECT_TRUE(seen.insert(std::get<tlog::AdminEvent>(entry.body).number).second);
    }
    EXPECT_GE(seen.size(), static_cast<size_t>(before));
    after = closed;
    std::this_thread::sleep_for(Milliseconds(5));
  }
  stop = true;
  for (auto& writer : writers) writer.get();
  const size_t rest = Read(fixture.log(), {after, *fixture.log().CloseTick()}).size();
  EXPECT_EQ(seen.size() + rest, static_cast<size_t>(written));
}

TEST_F(PostgresAuditLog, AWriterThatHangsIsNotWaitedForForLong) {
  store::Session session = fixture.As("mayfly_issue");
  store::Transaction transaction(session);
  session.Exec("SELECT * FROM begin_write()");
  const SystemClock clock;
  const BootTime begun = clock.BootNow();
  EXPECT_EQ(fixture.log().CloseTick().error().code, ErrorCode::kStoreUnavailable);
  EXPECT_LT(clock.BootNow() - begun, Seconds(4));
  transaction.Commit();
  EXPECT_TRUE(fixture.log().CloseTick());
}

TEST_F(PostgresAuditLog, ItsRoleCanDoNothingElse) {
  const auto state = [&](const std::string& sql, const char* role) -> std::string {
    store::Session session = fixture.As(role);
    try {
      session.Exec(sql);
    } catch (const store::SqlError& error) {
      return error.sqlstate();
    }
    return "done";
  };
  for (const char* sql :
       {"UPDATE control SET tick = 9", "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET size = 1", "SELECT * FROM begin_write()",
        "INSERT INTO event (kind, principal, detail, tick) VALUES ('a', 'a', '{}', 1)",
        "SELECT * FROM policy_version", "SELECT page_key FROM control"}) {
    EXPECT_EQ(state(sql, "mayfly_audit"), "42501") << sql;
  }
  for (const char* role : {"mayfly_issue", "mayfly_respond", "mayfly_project", "mayfly_read"}) {
    EXPECT_EQ(state("SELECT close_tick()", role), "42501") << role;
    EXPECT_EQ(state("INSERT INTO audit_checkpoint (origin, size, root, tick) "
                    "VALUES ('a', 1, sha256(''), 1)",
                    role),
              "42501")
        << role;
  }
}

// What a ledger writes, as entries: outcomes by serial, then revocations, then events.
struct LedgerAndLog : PostgresAudit {
  LedgerAndLog() {
    As("postgres")
        .Exec(
            "INSERT INTO issuer (name, subject, spki, spki_hash) "
            "VALUES ('issuing-1', 'a', 'b', sha256('b'))");
  }
  Ledger& ledger() { return writer; }
  Lineages& lineages() { return writer; }
  SystemClock clock;
  ThreadPool executor{2};
  Timer timer{clock};
  store::PgLedger writer{{.connection = connection,
                          .password_file = std::nullopt,
                          .executor = executor,
                          .timer = timer,
                          .clock = clock}};
};
class PostgresLedgerLog : public LedgerContract<LedgerAndLog> {};

TEST_F(PostgresLedgerLog, HasEveryOutcomeRevocationAndEventInItsOrder) {
  const CertificateKey issued = Recorded(Entry(Attempt(NewRequest())));
  const CertificateKey abandoned = Recorded(Entry());
  const CertificateKey intent = Recorded(Entry());
  ASSERT_TRUE(Settle(abandoned, AbandonedOutcome{}));
  ASSERT_TRUE(Settle(issued, SignedOutcome{{1, 2, 3}}));
  RevokeEntry revoke{issued, RevocationReason::kSuperseded, "local:0"};
  ASSERT_TRUE(SyncWait(ledger.Revoke(std::move(revoke), Soon())));
  ledger.Note({"denial", "a", "{\"n\": 1}"});
  store::Session reader = fixture.As("mayfly_read");
  while (reader.Exec("SELECT count(*) FROM event")[0][0].as<int>() == 0) {
    std::this_thread::sleep_for(Milliseconds(5));
  }
  const auto entries = Read(fixture.log(), {0, *fixture.log().CloseTick()});
  ASSERT_EQ(entries.size(), 4u);
  const auto& first = std::get<tlog::IssuedCertificate>(entries[0].body);
  EXPECT_EQ(first.record.serial, issued.serial);
  EXPECT_EQ(first.record.issuer, "issuing-1");
  EXPECT_EQ(first.record.profile, "server");
  EXPECT_TRUE(first.record.request_id);
  EXPECT_FALSE(first.record.parent);
  EXPECT_EQ(first.record.tick, entries[0].tick);
  EXPECT_EQ(first.signature, (Bytes{1, 2, 3}));
  const auto record = *SyncWait(ledger.FindCertificate(issued, Reading::kSeen, Soon()));
  EXPECT_EQ(first.record.tbs, record->tbs);
  EXPECT_EQ(first.record.recorded_at, record->recorded_at);
  EXPECT_EQ(first.record.renew_from, record->facts.renewal.from);
  EXPECT_EQ(std::get<tlog::Abandonment>(entries[1].body).record.serial, abandoned.serial);
  const auto& revoked = std::get<tlog::RevokedCertificate>(entries[2].body);
  EXPECT_EQ(revoked.serial, issued.serial);
  EXPECT_EQ(revoked.reason, 4);
  EXPECT_EQ(revoked.not_after, first.record.not_after);
  EXPECT_EQ(std::get<tlog::AdminEvent>(entries[3].body).detail, "{\"n\": 1}");
  for (const tlog::LogEntry& entry : entries) EXPECT_TRUE(tlog::EncodeLogEntry(entry));
  // Decided long after: in the tick in which it was.
  const uint64_t before = entries[3].tick;
  ASSERT_TRUE(Settle(intent, AbandonedOutcome{}));
  const auto later = Read(fixture.log(), {before, *fixture.log().CloseTick()});
  ASSERT_EQ(later.size(), 1u);
  const auto& late = std::get<tlog::Abandonment>(later[0].body);
  EXPECT_EQ(late.record.serial, intent.serial);
  EXPECT_EQ(late.record.tick, before);
  EXPECT_GT(later[0].tick, before);
}

}  // namespace
}  // namespace mayfly::contract
