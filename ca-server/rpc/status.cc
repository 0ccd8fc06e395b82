#include "rpc/status.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace mayfly::rpc {
namespace {

constexpr size_t kFindingBytesMax = 512;
constexpr std::string_view kNeutralMessage = "internal error; the server's log has more";

bool IsRetryable(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED ||
         code == grpc::StatusCode::RESOURCE_EXHAUSTED;
}

google::rpc::ErrorInfo InfoOf(const Error& error, grpc::StatusCode code) {
  google::rpc::ErrorInfo info;
  info.set_domain(std::string(kErrorDomain));
  if (code == grpc::StatusCode::INTERNAL) {
    info.set_reason(ErrorReason(ErrorCode::kInternal));
    return info;
  }
  info.set_reason(ErrorReason(error.code));
  if (!error.rule.empty()) (*info.mutable_metadata())["rule"] = Escape(error.rule);
  return info;
}

google::rpc::BadRequest::FieldViolation FindingOf(const Violation& violation) {
  google::rpc::BadRequest::FieldViolation finding;
  finding.set_field(Escape(violation.field, kFindingBytesMax));
  finding.set_description(Escape(violation.message, kFindingBytesMax) + " [" +
                          Escape(violation.rule) + "]");
  return finding;
}

google::rpc::BadRequest FindingsOf(const std::vector<Violation>& violations, size_t bytes_max) {
  google::rpc::BadRequest findings;
  // Room for the line that says how many were left out.
  constexpr size_t kCountLineBytes = 64;
  for (size_t i = 0; i < violations.size(); ++i) {
    *findings.add_field_violations() = FindingOf(violations[i]);
    if (findings.ByteSizeLong() + kCountLineBytes <= bytes_max) continue;
    findings.mutable_field_violations()->RemoveLast();
    findings.add_field_violations()->set_description(
        "and " + std::to_string(violations.size() - i) + " findings more");
    break;
  }
  return findings;
}

google::rpc::RetryInfo RetryOf(std::chrono::milliseconds delay) {
  google::rpc::RetryInfo retry;
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(delay);
  retry.mutable_retry_delay()->set_seconds(whole.count());
  retry.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(std::chrono::nanoseconds(delay - whole).count()));
  return retry;
}

std::optional<std::chrono::milliseconds> DelayOf(const Error& error, grpc::StatusCode code) {
  if (code == grpc::StatusCode::INTERNAL) return std::nullopt;
  if (error.retry_after) return error.retry_after;
  if (IsRetryable(code)) return kRetryAfterDefault;
  return std::nullopt;
}

}  // namespace

grpc::StatusCode StatusCodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kBadDer:
    case ErrorCode::kBadCsr:
    case ErrorCode::kKeyRejected:
    case ErrorCode::kRequestIdReused:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::kUnknownProfile:
    case ErrorCode::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::kUnauthenticated:
      return grpc::StatusCode::UNAUTHENTICATED;
    case ErrorCode::kPolicyDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorCode::kLintFailed:
    case ErrorCode::kCertificateRevoked:
    case ErrorCode::kFailedPrecondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::kConflict:
      return grpc::StatusCode::ABORTED;
    case ErrorCode::kOverloaded:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorCode::kSignerUnavailable:
    case ErrorCode::kStoreUnavailable:
    case ErrorCode::kCommitInDoubt:
    case ErrorCode::kShuttingDown:
      return grpc::StatusCode::UNAVAILABLE;
    case ErrorCode::kDeadlineExceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case ErrorCode::kConfiguration:
    case ErrorCode::kDecisionStale:
    case ErrorCode::kSchemaMismatch:
    case ErrorCode::kSignatureInvalid:
    case ErrorCode::kInternal:
      return grpc::StatusCode::INTERNAL;
  }
  return grpc::StatusCode::INTERNAL;
}

std::string ErrorReason(ErrorCode code) {
  std::string reason(ErrorCodeName(code));
  std::ranges::transform(reason, reason.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return reason;
}

grpc::Status ToGrpcStatus(const Error& error) {
  const grpc::StatusCode code = StatusCodeFor(error.code);
  const bool internal = code == grpc::StatusCode::INTERNAL;
  const std::string message =
      internal ? std::string(kNeutralMessage) : Escape(error.message, kErrorMessageBytesMax);

  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(InfoOf(error, code));
  if (const auto delay = DelayOf(error, code)) details.add_details()->PackFrom(RetryOf(*delay));
  if (!internal && !error.violations.empty()) {
    // Any adds a type URL of under 64 octets and two lengths.
    const size_t taken = details.ByteSizeLong() + 80;
    details.add_details()->PackFrom(FindingsOf(error.violations, kErrorDetailsBytesMax - taken));
  }
  return grpc::Status(code, message, details.SerializeAsString());
}

}  // namespace mayfly::rpc
