// The status of one serial, decided from what is known. Pure: no I/O, no clock.
#pragma once

#include <optional>
#include <variant>

#include "ports/status_source.h"

namespace mayfly::ocsp {

// A serial of our format says when it was made. Its record commits within 30 s of that or never
// (ledger.serial-too-old), so a database that is past it by this much and has no row never will.
constexpr Seconds kAbsenceIsFinalAfter{60};

// The feed of revocations leaves out certificates that expired over a day ago, so no `good` may
// be said of those: nothing would take it back. Half a day keeps clear of that border.
constexpr Seconds kGoodAfterExpiryMax{12 * 3600};

enum class Lease : uint8_t { kHeld, kNone };

struct Knowledge {
  const x509::SerialNumber& serial;
  std::optional<Revocation> remembered;  // from the responder's memory
  Lease lease;
  std::optional<LedgerStatus> ledger;  // nothing: not asked, or it did not answer
};

struct DecidedGood {
  TimePoint as_of;  // by the database's clock
  TimePoint not_after;
};
struct DecidedRevoked {
  Revocation revocation;
};
struct DecidedUnknown {
  TimePoint as_of;
};
struct DecidedTryLater {};
struct DecidedUnauthorized {};  // expired too long ago for anybody to be told more
using Decision =
    std::variant<DecidedTryLater, DecidedGood, DecidedRevoked, DecidedUnknown, DecidedUnauthorized>;

Decision Decide(const Knowledge& knowledge);

}  // namespace mayfly::ocsp
