// CRLReason (RFC 5280 5.3.1), those that Mayfly writes. There is no hold.
#pragma once

#include <cstdint>

namespace mayfly::x509 {

enum class RevocationReason : uint8_t {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kCaCompromise = 2,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
  kPrivilegeWithdrawn = 9,
};

}  // namespace mayfly::x509
