// Validity (RFC 5280 4.1.2.5). Both ends are inclusive: a one-hour certificate has
// notAfter = notBefore + 3599 s.
#pragma once

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::x509 {

class Validity {
 public:
  // Whole seconds (cut), not_after >= not_before, years 1950..9999. Rule "validity.*".
  static Result<Validity> Between(TimePoint not_before, TimePoint not_after);
  // From `not_before` for `lifetime` seconds, the last one included. lifetime >= 1 s.
  static Result<Validity> For(TimePoint not_before, Seconds lifetime);

  TimePoint not_before() const { return not_before_; }
  TimePoint not_after() const { return not_after_; }
  Seconds lifetime() const;  // not_after - not_before + 1 s
  bool Covers(TimePoint when) const;
  friend bool operator==(const Validity&, const Validity&) = default;

 private:
  Validity(TimePoint not_before, TimePoint not_after)
      : not_before_(not_before), not_after_(not_after) {}
  TimePoint not_before_, not_after_;
};

}  // namespace mayfly::x509
