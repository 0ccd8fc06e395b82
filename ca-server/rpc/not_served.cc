#include "rpc/not_served.h"

#include <string>

namespace mayfly::rpc {

Error Overloaded(size_t in_flight_max) {
  Error error = Fail(ErrorCode::kOverloaded, "rpc.in-flight",
                     "over " + std::to_string(in_flight_max) + " calls are in flight");
  error.retry_after = kOverloadedRetryAfter;
  return error;
}

Error HostOverloaded(size_t host_max) {
  Error error =
      Fail(ErrorCode::kOverloaded, "rpc.host-calls",
           "over " + std::to_string(host_max) + " calls of your address are in flight already");
  error.retry_after = kOverloadedRetryAfter;
  return error;
}

Error TooOften(Milliseconds wait, uint32_t per_minute) {
  Error error = Fail(ErrorCode::kOverloaded, "rpc.principal-rate",
                     "over " + std::to_string(per_minute) + " calls of yours in a minute");
  error.retry_after = wait;
  return error;
}

Error TimeIsUp() {
  return Fail(ErrorCode::kDeadlineExceeded, "rpc.deadline",
              "the call was over, or cancelled, before it began");
}

}  // namespace mayfly::rpc
