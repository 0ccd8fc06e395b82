#include "ocsp/decision.h"

namespace mayfly::ocsp {
namespace {

Decision DecideIssued(const LedgerStatus& ledger) {
  if (ledger.database_now > ledger.not_after + kGoodAfterExpiryMax) return DecidedUnauthorized{};
  return DecidedGood{.as_of = ledger.database_now, .not_after = ledger.not_after};
}

Decision DecideAbsent(const x509::SerialNumber& serial, TimePoint database_now) {
  std::optional<TimePoint> made_at = serial.issued_at();
  if (made_at && database_now <= *made_at + kAbsenceIsFinalAfter) return DecidedTryLater{};
  return DecidedUnknown{.as_of = database_now};
}

}  // namespace

Decision Decide(const Knowledge& knowledge) {
  const std::optional<LedgerStatus>& ledger = knowledge.ledger;
  // Revoked is for ever: it needs neither a lease nor a database.
  if (knowledge.remembered) return DecidedRevoked{*knowledge.remembered};
  if (ledger && ledger->revocation) return DecidedRevoked{*ledger->revocation};
  if (knowledge.lease == Lease::kNone || !ledger) return DecidedTryLater{};
  switch (ledger->standing) {
    case LedgerStatus::Standing::kIssued:
      return DecideIssued(*ledger);
    case LedgerStatus::Standing::kIntent:  // may still become a certificate, or an abandonment
      return DecidedTryLater{};
    case LedgerStatus::Standing::kAbandoned:
      return DecidedUnknown{.as_of = ledger->database_now};
    case LedgerStatus::Standing::kAbsent:
      return DecideAbsent(knowledge.serial, ledger->database_now);
  }
  return DecidedTryLater{};
}

}  // namespace mayfly::ocsp
