#include "store/ledger_rows.h"

namespace mayfly::store {

std::string RevocationColumns() {
  return "r.number, r.reason, " + Micros("r.revoked_at") + ", " + Micros("r.not_after");
}

std::string RecordColumns() {
  return "i.serial, i.issuer_id, i.tbs, i.lineage, i.generation, i.parent_serial, i.profile, "
         "i.principal, i.policy_version, i.decision, " +
         Micros("i.renew_from") + ", " + Micros("i.renew_until") + ", " + Micros("i.recorded_at") +
         ", o.kind, o.signature, " + RevocationColumns() + ", i.claims";
}

x509::SerialNumber SerialOf(const pqxx::field& field) {
  auto serial = x509::SerialNumber::FromIntegerContents(BytesOf(field));
  if (!serial) throw SqlError(SqlError::Kind::kRefused, "", "a serial number was expected");
  return *std::move(serial);
}

policy::Claims ClaimsOf(const pqxx::field& field) {
  auto claims = policy::ClaimsFromText(field.c_str());
  if (!claims) throw SqlError(SqlError::Kind::kRefused, "", "claims were expected");
  return *std::move(claims);
}

std::optional<Revocation> ReadRevocation(const pqxx::row& row, int at, const CertificateKey& key) {
  if (row[at].is_null()) return std::nullopt;
  return Revocation{.number = row[at].as<uint64_t>(),
                    .key = key,
                    .reason = static_cast<RevocationReason>(row[at + 1].as<int>()),
                    .revoked_at = TimeOf(row[at + 2]),
                    .not_after = TimeOf(row[at + 3])};
}

StandingRecord ReadRecord(const pqxx::row& row) {
  const CertificateKey key{SerialOf(row[0]), IssuerOf(row[1])};
  std::optional<x509::SerialNumber> parent;
  if (!row[5].is_null()) parent = SerialOf(row[5]);
  std::optional<Outcome> outcome;
  if (!row[13].is_null()) {
    outcome = row[13].as<int>() == 1 ? Outcome(SignedOutcome{BytesOf(row[14])})
                                     : Outcome(AbandonedOutcome{});
  }
  return {.tbs = BytesOf(row[2]),
          .facts = {.key = key,
                    .lineage = {UuidOf(row[3]), row[4].as<uint32_t>(), parent},
                    .profile = row[6].c_str(),
                    .principal = row[7].c_str(),
                    .policy_version = row[8].as<uint64_t>(),
                    .decision = row[9].as<uint64_t>(),
                    .renewal = {TimeOf(row[10]), TimeOf(row[11])},
                    .claims = ClaimsOf(row[19])},
          .outcome = std::move(outcome),
          .revocation = ReadRevocation(row, 15, key),
          .recorded_at = TimeOf(row[12])};
}

}  // namespace mayfly::store
