// A gRPC status with its details, back to an Error.
#pragma once

#include <string_view>

#include "base/error.h"

namespace grpc {
class Status;
}

namespace mayfly::client {

constexpr std::string_view kServerNotTrusted = "client.server-not-trusted";

// A status of a Mayfly server comes back as it was: code, rule, findings, time to wait. One that
// was made on the way (a refused connection, a message that is too large) gets the nearest code
// and a rule of its own, "client.unreachable", "client.deadline", "client.server-not-trusted",
// "client.unimplemented" or "client.status".
Error DecodeStatus(const grpc::Status& status);

}  // namespace mayfly::client
