// The client certificate that this server shows to PostgreSQL: issued and renewed by itself, like
// those of its listeners.
#pragma once

#include <optional>

#include "wiring.h"

namespace mayfly {

class DatabaseCertificate {
 public:
  explicit DatabaseCertificate(Wiring& wiring) : wiring_(wiring) {}

  // Issues it where a third of its life is left, or less, or where there is none. Where the
  // configuration names none: nothing. Errors: those of LifeLeftIn and IssueLocalCertificate.
  Status Renew();
  // The same, and cheap before that, so that lives of seconds are possible; after a failure it does
  // nothing for a while.
  Status RenewIfDue();

 private:
  Wiring& wiring_;
  TimePoint due_{};  // not before
};

}  // namespace mayfly
