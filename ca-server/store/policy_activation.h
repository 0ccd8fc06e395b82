// Putting a policy in force, inside of a transaction.
#pragma once

#include "ports/ledger.h"
#include "store/pqxx.h"

namespace mayfly::store {

struct Activation {
  uint64_t version;
  bool changed;  // it was not in force before
};
// Error: kConflict "policy.outdated" (base_version is not in force).
Result<Activation> ActivateIn(Session& session, const PolicyEntry& entry);

}  // namespace mayfly::store
