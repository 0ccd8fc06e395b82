// Port: whether anything may be released, by the audit log: no checkpoint, no release. Implemented
// by audit/checkpoint_keeper.h and tests/fakes/open_gate.h.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "x509/serial_number.h"

namespace mayfly {

// That a certificate's entry is in the audit log.
struct InclusionProof {
  std::string proof;  // C2SP tlog-proof: with the signed checkpoint
  Bytes entry;        // the leaf: docs/AUDIT.md, Entries
};

class ReleaseGate {
 public:
  virtual ~ReleaseGate() = default;

  // Ok while the newest checkpoint outside of the database is young enough. Error:
  // kStoreUnavailable "audit.no-checkpoint" with retry_after.
  virtual Status MayRelease() const = 0;

  // Returns when a checkpoint outside of the database covers all that was committed before the
  // call. Error: kDeadlineExceeded "audit.not-covered" (what was committed stands).
  virtual Task<Status> WaitForCheckpoint(BootTime deadline) = 0;

  // The same, then the proof of what was issued. Errors: also kNotFound "audit.no-entry"; those of
  // the log's storage.
  virtual Task<Result<InclusionProof>> Prove(std::string issuer, x509::SerialNumber serial,
                                             BootTime deadline) = 0;
};

}  // namespace mayfly
