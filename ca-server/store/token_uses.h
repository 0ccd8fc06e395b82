// The uses of enrolment tokens, in the transaction of the records that they are spent for.
#pragma once

#include "store/ledger_batch.h"

namespace mayfly::store {

// Spends a use for each record without an answer that has a token, once for each request id.
// Answers those whose token is spent or has expired (kUnauthenticated), and those that lost a race
// for the last use (kConflict: look again).
void UseTokens(Session& session, Batch& batch, const WriteStart& start);

}  // namespace mayfly::store
