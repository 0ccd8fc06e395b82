// Waiting until no responder answers from before a revocation.
#pragma once

#include "ports/ledger.h"
#include "store/session_workers.h"

namespace mayfly::store {

// Returns when every lease has applied the revocation, or is over; gives until when `good` answers
// from before it are valid. Of many revocations: asked of one with the highest number and the
// latest end. Error: kDeadlineExceeded "ledger.lease-outstanding".
Task<Result<TimePoint>> WaitForLeases(SessionWorkers& workers, Revocation newest,
                                      BootTime deadline);

}  // namespace mayfly::store
