// Whether two callers hold certificates of one holder: by the keys of their whole lineages, where
// the certificates that they show differ.
#pragma once

#include "policy/principal.h"
#include "store/pqxx.h"

namespace mayfly::store {

// Both with key_hash and serial. A key of any generation of one lineage that is one of the other's
// makes them one holder. The ledger says it of every generation that was used; of those that nobody
// has used yet the projection of keys does, about a second behind.
// Reads the certificates of two lineages: not for where others wait.
Result<bool> IsSameHolder(Session& session, const policy::Principal& a, const policy::Principal& b);

}  // namespace mayfly::store
