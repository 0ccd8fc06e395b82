// The SQL of one step through the certificates in an order: which come next, and which of them
// match. docs/adr/0003-ledger.md says why it is this and no other index.
#pragma once

#include <string>
#include <vector>

#include "ports/certificate_index.h"
#include "store/pqxx.h"

namespace mayfly::store {

struct WalkStep {
  IndexPosition position;
  bool matches;  // by all but the exact spelling of a name
};

// The next `count` records after `after`.
std::vector<WalkStep> Walk(Session& session, const IndexQuery& query,
                           const std::optional<IndexPosition>& after, size_t count);

}  // namespace mayfly::store
