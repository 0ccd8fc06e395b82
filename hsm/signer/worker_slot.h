// The place of one worker: a process that starts, works, dies and is started again.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "hsm/signer/worker_process.h"

namespace mayfly::hsm {

// Generous, because ending a login by force can cost more than waiting: see LoginShield in
// token.cc.
constexpr Milliseconds kWorkerStartMax{60'000};  // module, token and login; then it is hung
constexpr Milliseconds kWorkerEndMax{1'000};     // after it said that it ends
constexpr Milliseconds kBackoffMin{100};
constexpr Milliseconds kBackoffMax{5'000};
// A blocked PIN waits for an operator: only the two files are looked at so often.
constexpr Milliseconds kPinLookInterval{1'000};

// Whom to answer, and until when. The ticket in the request is the asking side's.
struct Job {
  uint64_t client;
  Frame request;  // SignRequest or PublicKeyRequest
  BootTime deadline;
};

struct WorkerSlot {
  enum class State {
    kDown,      // no process
    kStarting,  // no word from it yet
    kIdle,
    kBusy,
    kEnding,  // it said that it ends; a last answer may come
  };
  State state = State::kDown;
  std::optional<WorkerProcess> process;
  std::optional<Job> job;
  BootTime deadline{};  // kStarting, kEnding, and with a job
  BootTime start_at{};  // kDown
  Milliseconds backoff = kBackoffMin;
  std::optional<Error> reason;  // why its last start failed; stays until one succeeds
  std::string pin_files_seen;   // a fingerprint from before its last start

  bool HasDeadline() const {
    return state == State::kStarting || state == State::kEnding || job.has_value();
  }
  // Another start cannot help before the PIN's file or note has changed.
  bool WaitsForOperator() const {
    return reason && (reason->rule == "signer.pin-refused" || reason->rule == "signer.pin-file");
  }
};

}  // namespace mayfly::hsm
