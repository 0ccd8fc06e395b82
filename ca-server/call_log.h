// CallLog: a line for every call, but of the calls that were refused because there were too many,
// one a second for each principal and rule: whoever floods the CA does not fill its disk as well.
#pragma once

#include "rpc/service.h"
#include "telemetry/throttle.h"

namespace mayfly {

class CallLog {
 public:
  // `clock` must outlive it.
  explicit CallLog(const Clock& clock) : overloads_(clock, Seconds(1)) {}

  // Any thread.
  void Write(const rpc::RequestLogEntry& call);

 private:
  telemetry::Throttle overloads_;
};

}  // namespace mayfly
