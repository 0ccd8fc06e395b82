#include "store/alert_index.h"

#include "store/ledger_rows.h"
#include "x509/tbs_certificate.h"

namespace mayfly::store {
namespace {

Result<Alert> ReadAlert(const pqxx::row& row) {
  TRY_ASSIGN(const auto tbs, x509::TbsCertificate::FromDer(BytesOf(row[5])));
  TRY_ASSIGN(auto names, tbs.names());
  return Alert{.kind = static_cast<AlertKind>(row[0].as<int>()),
               .certificate = {SerialOf(row[1]), IssuerOf(row[2])},
               .issuer_name = row[3].c_str(),
               .lineage = UuidOf(row[4]),
               .names = std::move(names),
               .principal = row[6].c_str(),
               .profile = row[7].c_str(),
               .since = TimeOf(row[8]),
               .not_after = TimeOf(row[9])};
}

Result<AlertList> ReadList(Session& session, size_t count_max) {
  AlertList list{};
  const auto rows = session.Exec(
      "SELECT a.kind, a.serial, a.issuer_id, s.name, a.lineage, i.tbs, i.principal, i.profile, " +
          Micros("a.since") + ", " + Micros("i.not_after") +
          " FROM alert a "
          "JOIN issuance i ON i.serial = a.serial AND i.issuer_id = a.issuer_id "
          "JOIN issuer s ON s.id = a.issuer_id ORDER BY a.since, a.kind, a.serial LIMIT $1::bigint",
      Params().Add(static_cast<int64_t>(count_max)));
  for (const auto& row : rows) {
    TRY_ASSIGN(Alert alert, ReadAlert(row));
    list.alerts.push_back(std::move(alert));
  }
  for (const auto& row : session.Exec("SELECT kind, count(*) FROM alert GROUP BY kind")) {
    list.by_kind.emplace(static_cast<AlertKind>(row[0].as<int>()), row[1].as<uint64_t>());
  }
  const auto behind =
      session.Exec("SELECT greatest(c.tick - 1 - p.tick, 0) FROM control c, projection_position p");
  list.ticks_behind = behind[0][0].as<uint64_t>();
  return list;
}

}  // namespace

Task<Result<AlertList>> PgAlertIndex::Alerts(size_t count_max, BootTime deadline) {
  std::function<Result<AlertList>(Session&)> work =
      [count_max](Session& session) -> Result<AlertList> {
    Transaction snapshot(session, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
    auto list = ReadList(session, count_max);
    snapshot.Commit();
    return list;
  };
  return RunOn<AlertList>(readers_, std::move(work), deadline);
}

}  // namespace mayfly::store
