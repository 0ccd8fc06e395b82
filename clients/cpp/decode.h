// A gRPC status with its details, back to an Error.
#pragma once

#include "base/error.h"

namespace grpc {
class Status;
}

namespace mayfly::client {

// A status of a Mayfly server comes back as it was: code, rule, findings, time to wait. One that
// was made on the way (a refused connection, a message that is too large) gets the nearest code
// and a rule of its own, "client.unreachable", "client.deadline",
// "client.unimplemented" or "client.status".
Error DecodeStatus(const grpc::Status& status);

}  // namespace mayfly::client
