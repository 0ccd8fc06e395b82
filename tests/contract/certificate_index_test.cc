// The certificate index's contract, for the fake and for PostgreSQL, and how PostgreSQL answers.
#include "store/certificate_index.h"

#include "store/certificate_walk.h"
#include "store/ledger.h"
#include "tests/contract/certificate_index_contract.h"
#include "tests/contract/postgres_fixture.h"
#include "tests/fakes/memory_ledger.h"

namespace mayfly::contract {

struct MemoryIndex {
  Ledger& ledger() { return memory; }
  CertificateIndex& index() { return memory; }
  SystemClock clock;
  fakes::MemoryLedger memory{clock};
};

struct PostgresIndex {
  Ledger& ledger() { return pg; }
  CertificateIndex& index() { return listing; }
  // Each test lists all that there is.
  const std::string connection =
      PostgresCluster::Shared().Connection(PostgresCluster::Shared().NewMigratedDatabase());
  SystemClock clock;
  ThreadPool executor{2};
  Timer timer{clock};
  store::PgLedger pg{{.connection = connection,
                      .password_file = std::nullopt,
                      .executor = executor,
                      .timer = timer,
                      .clock = clock}};
  store::PgCertificateIndex listing{{.connection = connection,
                                     .password_file = std::nullopt,
                                     .executor = executor,
                                     .timer = timer,
                                     .clock = clock}};
};

namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, CertificateIndexContract, MemoryIndex);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, CertificateIndexContract, PostgresIndex);

class PostgresCertificateIndex : public CertificateIndexContract<PostgresIndex> {
 protected:
  store::Session As(const std::string& role) {
    return store::Session({.connection = fixture.connection, .role = role});
  }
  // Copies of one record, a second apart in serial and notAfter.
  void Multiply(const IndexPosition& place, int count) {
    auto owner = As("postgres");
    const std::string serial = "'\\x" + place.key.serial.Hex() + "'::bytea";
    const std::string other =
        "set_byte(set_byte(set_byte(serial, 17, g / 65536), 18, g / 256 % 256), 19, g % 256)";
    owner.Exec("INSERT INTO issuance SELECT " + other +
               ", issuer_id, generation, decision, policy_version, tick, not_after + g * interval "
               "'1 second', renew_from, renew_until, recorded_at, lineage, request_id, "
               "parent_serial, profile, principal, tbs FROM issuance, generate_series(1, " +
               std::to_string(count) + ") g WHERE serial = " + serial);
    owner.Exec("ANALYZE issuance");
  }
};

TEST_F(PostgresCertificateIndex, OneCallLooksAtABoundedNumberOfRecords) {
  Multiply(Add({}), 12'000);
  IndexQuery query = Query();
  query.filter.profile = "client";
  const IndexPage nothing = Page(query);
  EXPECT_TRUE(nothing.records.empty());
  ASSERT_TRUE(nothing.next);
  const auto last = Add({.lifetime = 6 * kDay, .profile = "client"});
  query.after = nothing.next;
  const IndexPage rest = Page(query);
  EXPECT_EQ(KeysOf(rest), Keys{last.key});
  EXPECT_FALSE(rest.next);
}

// A page costs what it shows, not what there is: the walk goes along an index and never sorts.
TEST_F(PostgresCertificateIndex, WalksAnIndexInBothOrders) {
  Multiply(Add({}), 5'000);
  auto session = As("mayfly_read");
  for (const auto order : {CertificateOrder::kSoonestExpiry, CertificateOrder::kNewest}) {
    const std::string read = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes";
    session.Exec("SELECT pg_stat_force_next_flush()");
    const auto before = session.Exec(read)[0][0].as<int64_t>();
    EXPECT_EQ(store::Walk(session, Query(order), std::nullopt, 100).size(), 100u);
    session.Exec("SELECT pg_stat_force_next_flush()");
    EXPECT_LE(session.Exec(read)[0][0].as<int64_t>() - before, 110) << static_cast<int>(order);
  }
}

TEST_F(PostgresCertificateIndex, EveryServerSealsWithTheSameKeyAndEachDatabaseWithItsOwn) {
  const auto key = store::ReadPageKey(fixture.connection, std::nullopt);
  ASSERT_TRUE(key);
  EXPECT_EQ(*key, *store::ReadPageKey(fixture.connection, std::nullopt));
  PostgresIndex other;
  EXPECT_NE(*key, *store::ReadPageKey(other.connection, std::nullopt));
}

}  // namespace
}  // namespace mayfly::contract
