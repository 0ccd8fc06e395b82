// The records of canaries: the contract, for the fake and for PostgreSQL.
#include "store/canary_records.h"

#include <gtest/gtest.h>

#include "base/system.h"
#include "ports/signer.h"
#include "store/pqxx.h"
#include "tests/contract/postgres_fixture.h"
#include "tests/fakes/signing_parts.h"
#include "x509/digest.h"

namespace mayfly::contract {
namespace {

struct PostgresCanaries {
  const std::string connection =
      PostgresCluster::Shared().Connection(PostgresCluster::Shared().NewMigratedDatabase());
  SystemClock clock;
  ThreadPool executor{2};
  Timer timer{clock};
  store::PgCanaryRecords records{{.connection = connection,
                                  .password_file = std::nullopt,
                                  .executor = executor,
                                  .timer = timer,
                                  .clock = clock}};
};

struct MemoryCanaries {
  SystemClock clock;
  fakes::MemoryCanaryRecords records;
};

CanaryEntry Entry(std::string_view text) {
  Bytes message = ToBytes(AsBytes(kCanaryPrefix));
  message.insert(message.end(), text.begin(), text.end());
  return {Hash256{7}, KeyUse::kIssuing, std::move(message)};
}

template <class Fixture>
class CanaryContract : public testing::Test {
 protected:
  Fixture fixture;
};
using Implementations = testing::Types<MemoryCanaries, PostgresCanaries>;
TYPED_TEST_SUITE(CanaryContract, Implementations);

TYPED_TEST(CanaryContract, GivesTheMessageThatWasRecorded) {
  const BootTime soon = this->fixture.clock.BootNow() + Seconds(20);
  for (const char* text : {"a", "b", "a"}) {
    CanaryEntry entry = Entry(text);
    const auto recorded = SyncWait(this->fixture.records.Record(entry, soon));
    ASSERT_TRUE(recorded) << Describe(recorded.error(), ErrorText::kForLog);
    EXPECT_EQ(recorded->message(), entry.message);
  }
}

TEST(CanaryRecords, ARowIsThereOnReturnWithItsDigestAndCannotBeTakenBack) {
  PostgresCanaries fixture;
  const CanaryEntry entry = Entry("a");
  ASSERT_TRUE(SyncWait(fixture.records.Record(entry, fixture.clock.BootNow() + Seconds(20))));
  store::Session owner({.connection = fixture.connection, .role = "", .password_file = {}});
  const auto rows = owner.Exec(
      "SELECT purpose, tick > 0 FROM mayfly.canary WHERE digest = $1::bytea "
      "AND spki_hash = $2::bytea AND recorded_at <= clock_timestamp()",
      store::Params().Add(ByteSpan(x509::Sha256(entry.message))).Add(ByteSpan(entry.spki_hash)));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0][0].as<int>(), 1);
  EXPECT_TRUE(rows[0][1].as<bool>());

  store::Session issue(
      {.connection = fixture.connection, .role = "mayfly_issue", .password_file = {}});
  for (const char* statement : {"DELETE FROM mayfly.canary", "UPDATE mayfly.canary SET purpose = 2",
                                "TRUNCATE mayfly.canary"}) {
    EXPECT_THROW(issue.Exec(statement), store::SqlError) << statement;
  }
}

TEST(CanaryRecords, ADatabaseThatIsAwayRecordsNothing) {
  SystemClock clock;
  ThreadPool executor{1};
  Timer timer{clock};
  store::PgCanaryRecords records({.connection = "host=/nowhere",
                                  .password_file = std::nullopt,
                                  .executor = executor,
                                  .timer = timer,
                                  .clock = clock});
  const auto recorded = SyncWait(records.Record(Entry("a"), clock.BootNow() + Seconds(2)));
  ASSERT_FALSE(recorded);
}

}  // namespace
}  // namespace mayfly::contract
