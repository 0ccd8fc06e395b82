// CallLog: a line for every call, but one a second for each caller and rule of the calls that were
// refused because there were too many, and of those of callers whom nobody knows: whoever floods
// the CA does not fill its disk as well.
#pragma once

#include "rpc/service.h"
#include "telemetry/log.h"
#include "telemetry/throttle.h"

namespace mayfly {

class CallLog {
 public:
  // `clock` must outlive it.
  explicit CallLog(const Clock& clock) : refusals_(clock, Seconds(1)) {}

  // Any thread.
  void Write(const rpc::RequestLogEntry& call);
  // What of them no later line has counted; once a second or so.
  void WriteHeldBack() { telemetry::LogHeldBack(refusals_); }

 private:
  telemetry::Throttle refusals_;
};

}  // namespace mayfly
