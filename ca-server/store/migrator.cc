#include "store/migrator.h"

#include "store/pqxx.h"
#include "x509/digest.h"

namespace mayfly::store {
namespace {

constexpr const char* kReadRole = "mayfly_read";
constexpr const char* kNoReadRole = "role \"mayfly_read\" does not exist";

using Migrations = std::span<const schema::Migration>;

constexpr int64_t kMigrationLock = 7000000;
constexpr int kSpansAhead = 3;

Error Mismatch(std::string rule, std::string message) {
  return Fail(ErrorCode::kSchemaMismatch, std::move(rule), std::move(message));
}

Bytes Checksum(const schema::Migration& migration) {
  return ToBytes(x509::Sha256(AsBytes(migration.sql)));
}

bool HasTable(Session& session) {
  return session.Exec("SELECT to_regclass('mayfly.schema_migration') IS NOT NULL")[0][0].as<bool>();
}

// How many of `migrations` the database has. What it has must be theirs, in order.
Result<size_t> CountApplied(Session& session, Migrations migrations) {
  if (!HasTable(session)) return size_t{0};
  auto rows =
      session.Exec("SELECT number, name, checksum FROM mayfly.schema_migration ORDER BY number");
  size_t applied = 0;
  for (const auto& row : rows) {
    const int number = row[0].as<int>();
    if (applied == migrations.size()) {
      return Mismatch("schema.newer", "the database has migration " + std::to_string(number) +
                                          ", this program knows " + std::to_string(applied) +
                                          ": use a newer mayfly-ca");
    }
    const schema::Migration& expected = migrations[applied];
    if (number != expected.number || BytesOf(row[2]) != Checksum(expected)) {
      return Mismatch("schema.dirty", "migration " + std::to_string(number) +
                                          " in the database is not the one of this program: "
                                          "restore the schema it was made with");
    }
    ++applied;
  }
  return applied;
}

void Apply(Session& session, const schema::Migration& migration) {
  Transaction transaction(session);
  session.Exec("SET LOCAL search_path = mayfly, pg_temp");
  session.Exec(std::string(migration.sql));
  session.Exec(
      "INSERT INTO mayfly.schema_migration (number, name, checksum) VALUES ($1, $2, $3::bytea)",
      Params()
          .Add(int64_t{migration.number})
          .Add(std::string(migration.name))
          .Add(ByteSpan(Checksum(migration))));
  transaction.Commit();
}

// Makes the table of migrations, under the lock that the session holds.
void Prepare(Session& session) {
  if (HasTable(session)) return;
  session.Exec("CREATE SCHEMA IF NOT EXISTS mayfly");
  session.Exec(
      "CREATE TABLE mayfly.schema_migration ("
      "number integer PRIMARY KEY, name text NOT NULL, "
      "checksum bytea NOT NULL CHECK (octet_length(checksum) = 32), "  // SHA-256 of the SQL
      "applied_at timestamptz NOT NULL DEFAULT clock_timestamp())");
}

Status MigrateIn(Session& session, Migrations migrations) {
  session.Exec("SELECT pg_advisory_lock($1)", Params().Add(kMigrationLock));
  Prepare(session);
  TRY_ASSIGN(size_t applied, CountApplied(session, migrations));
  for (const schema::Migration& migration : migrations.subspan(applied)) {
    try {
      Apply(session, migration);
    } catch (const SqlError& error) {
      if (error.kind() != SqlError::Kind::kRefused) throw;
      return FailWithDetail(
          ErrorCode::kInternal, "schema.migration-failed",
          "migration " + std::string(migration.name) + " failed and was rolled back; see the log",
          error.sqlstate() + " " + error.what());
    }
  }
  session.Exec("SELECT mayfly.make_partitions($1)", Params().Add(int64_t{kSpansAhead}));
  return Ok();
}

template <class Body>
Status WithSession(const SessionOptions& options, Body body) {
  TRY(ConnectionKeywords(options));
  try {
    Session session(options);
    return body(session);
  } catch (const SqlError& error) {
    return ToError(error);
  }
}

}  // namespace

Status Migrate(const std::string& connection, Migrations migrations) {
  return WithSession({.connection = connection, .statement_timeout = Seconds(0)},
                     [&](Session& session) { return MigrateIn(session, migrations); });
}

Status CheckSchema(const std::string& connection, Migrations migrations,
                   const std::optional<std::filesystem::path>& password_file) {
  const SessionOptions options{.connection = connection,
                               .role = kReadRole,
                               .password_file = password_file,
                               .access = Access::kAny};
  auto checked = WithSession(options, [&](Session& session) -> Status {
    TRY_ASSIGN(size_t applied, CountApplied(session, migrations));
    if (applied < migrations.size()) {
      return Mismatch("schema.older", "the database's schema lacks migration " +
                                          std::string(migrations[applied].name) +
                                          ": run mayfly-ca migrate");
    }
    return Ok();
  });
  // Roles come with the first migration, so a database without it cannot even be entered.
  if (!checked && checked.error().detail.find(kNoReadRole) != std::string::npos) {
    return Mismatch("schema.older", "the database has no schema yet: run mayfly-ca migrate");
  }
  return checked;
}

}  // namespace mayfly::store
