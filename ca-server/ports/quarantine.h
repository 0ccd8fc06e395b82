// Port: which places of keys are not to be used until an operator says so.
// Implemented by quarantine_folder.h and tests/fakes/memory_quarantine.h.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace mayfly {

struct QuarantineNote {
  std::string uri;    // the place; never with a PIN
  Hash256 spki_hash;  // of the key that it was to sign with
  TimePoint since;
  std::string reason;  // a rule and what it said, one line
};

class Quarantine {
 public:
  virtual ~Quarantine() = default;
  // Durable on return; a note that is there stays. Errors: kInternal "key.quarantine-note".
  virtual Status Put(const QuarantineNote& note) = 0;
  // Nothing: the place may be used. A note that cannot be read is an error of the same rule: who
  // asks must not use the place.
  virtual Result<std::optional<QuarantineNote>> Find(const std::string& uri) = 0;
};

}  // namespace mayfly
