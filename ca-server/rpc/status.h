// The one table from Error to grpc::Status.
//
// Beside code and message a status carries google.rpc.Status with
//   ErrorInfo    domain "mayfly.ca", reason the error's name ("BAD_CSR"), metadata "rule"
//   BadRequest   a field violation for each finding: "message [rule]"
//   RetryInfo    where coming back can help
// Error::detail never leaves, nor the message of an error that is the server's own fault.
#pragma once

#include <grpcpp/support/status.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mayfly::rpc {

constexpr std::string_view kErrorDomain = "mayfly.ca";
// What a client is told to wait where the error does not say.
constexpr std::chrono::milliseconds kRetryAfterDefault{1000};
// Details and message travel in the trailers, and clients refuse metadata above 8 KiB by default;
// the details grow by a third in base64. Findings beyond are counted, not sent.
constexpr size_t kErrorDetailsBytesMax = 4096;
constexpr size_t kErrorMessageBytesMax = 1024;

grpc::StatusCode StatusCodeFor(ErrorCode code);
grpc::Status ToGrpcStatus(const Error& error);

// "BAD_CSR" for kBadCsr.
std::string ErrorReason(ErrorCode code);

}  // namespace mayfly::rpc
