// Rows of the ledger as types, shared by the adapters that read them.
#pragma once

#include <optional>
#include <string>

#include "ports/ledger.h"
#include "store/pqxx.h"

namespace mayfly::store {

// Columns of issuance i, outcome o and revocation r, in the order that ReadRecord expects.
std::string RecordColumns();
constexpr int kRecordColumnCount = 20;

struct StandingRecord {
  Bytes tbs;
  RecordFacts facts;
  std::optional<Outcome> outcome;
  std::optional<Revocation> revocation;
  TimePoint recorded_at;
};
StandingRecord ReadRecord(const pqxx::row& row);

// r.number, r.reason, r.revoked_at, r.not_after from column `at`; nothing where they are NULL.
std::string RevocationColumns();
std::optional<Revocation> ReadRevocation(const pqxx::row& row, int at, const CertificateKey& key);

x509::SerialNumber SerialOf(const pqxx::field& field);
policy::Claims ClaimsOf(const pqxx::field& field);
inline IssuerId IssuerOf(const pqxx::field& field) {
  return static_cast<IssuerId>(field.as<int32_t>());
}

}  // namespace mayfly::store
