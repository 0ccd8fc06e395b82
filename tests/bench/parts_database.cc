// Records, request ids and outcomes of 64 certificates in one transaction, as the ledger writes
// them, without the ledger: PostgreSQL with fsync on, one connection that waits for each COMMIT.
#include "base/system.h"
#include "store/pqxx.h"
#include "tests/bench/benches.h"
#include "tests/bench/processes.h"
#include "tests/contract/postgres_fixture.h"
#include "x509/serial_number.h"

namespace mayfly::bench {
namespace {

constexpr size_t kRows = 64;
constexpr size_t kTbsBytes = 600;

struct Sources {
  SystemClock clock;
  SystemRandom random;
};

void WriteBatch(store::Session& session, Sources& sources) {
  store::ArrayText serials, ids, hashes, bodies, signatures;
  for (size_t i = 0; i < kRows; ++i) {
    const TimePoint now = sources.clock.Now();
    Bytes tbs(kTbsBytes), signature(71);
    sources.random.Fill(tbs);
    sources.random.Fill(signature);
    const auto serial =
        x509::SerialNumber::Make(x509::LifetimeClass::kUpTo7Days, now, sources.random);
    serials.Add(serial.octets());
    ids.Add(std::string_view(Uuid::MakeV7(now, sources.random).ToString()));
    hashes.Add(ByteSpan(tbs).first(32));
    bodies.Add(ByteSpan(tbs));
    signatures.Add(ByteSpan(signature));
  }
  const std::string serials_text = serials.Take(), ids_text = ids.Take();
  store::Transaction transaction(session);
  session.Exec("SELECT * FROM begin_write()");
  session.Exec(
      "INSERT INTO request (request_id, scope, attempt, issuer_id, serial, body_hash, tick) "
      "SELECT t.id, 'bench', 1, 1, t.serial, t.hash, 1 "
      "FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS t (id, serial, hash)",
      store::Params().Add(ids_text).Add(serials_text).Add(hashes.Take()));
  session.Exec(
      "INSERT INTO issuance (serial, issuer_id, generation, decision, policy_version, tick, "
      "not_after, renew_from, renew_until, lineage, request_id, profile, principal, tbs) "
      "SELECT t.serial, 1, 0, 1, 1, 1, now(), now(), now(), t.id, t.id, 'server', 'bench', t.tbs "
      "FROM unnest($1::bytea[], $2::uuid[], $3::bytea[]) AS t (serial, id, tbs)",
      store::Params().Add(serials_text).Add(ids_text).Add(bodies.Take()));
  session.Exec(
      "INSERT INTO outcome (serial, issuer_id, kind, decision, policy_version, tick, signature) "
      "SELECT t.serial, 1, 1, 1, 1, 1, t.signature "
      "FROM unnest($1::bytea[], $2::bytea[]) AS t (serial, signature)",
      store::Params().Add(serials_text).Add(signatures.Take()));
  transaction.Commit();
}

}  // namespace

Result<Json> BenchBatchedCommit(std::chrono::seconds duration) {
  auto& cluster = contract::PostgresCluster::Shared();
  const std::string connection = cluster.Connection(cluster.NewMigratedDatabase());
  Sources sources;
  try {
    store::Session session({.connection = connection, .role = "postgres"});
    const pid_t backend = session.Exec("SELECT pg_backend_pid()")[0][0].as<pid_t>();
    const Nanoseconds server = CpuTimeOf(backend), own = OwnThreadCpuTime();
    const auto begin = std::chrono::steady_clock::now();
    size_t count = 0;
    for (; std::chrono::steady_clock::now() - begin < duration; count += kRows) {
      WriteBatch(session, sources);
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    const double of_database = static_cast<double>((CpuTimeOf(backend) - server).count()) / 1e3;
    const double of_client = static_cast<double>((OwnThreadCpuTime() - own).count()) / 1e3;
    const auto rows = static_cast<double>(count);
    return Json{{"cpu_us", (of_database + of_client) / rows},
                {"of_it_in_the_database_us", of_database / rows},
                {"per_second", rows / wall.count()},
                {"certificates_in_a_transaction", kRows}};
  } catch (const store::SqlError& error) {
    return store::ToError(error);
  }
}

}  // namespace mayfly::bench
