#include "base/error.h"

#include <utility>

namespace mayfly {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid-argument";
    case ErrorCode::kBadDer:
      return "bad-der";
    case ErrorCode::kBadCsr:
      return "bad-csr";
    case ErrorCode::kKeyRejected:
      return "key-rejected";
    case ErrorCode::kUnknownProfile:
      return "unknown-profile";
    case ErrorCode::kRequestIdReused:
      return "request-id-reused";
    case ErrorCode::kConfiguration:
      return "configuration";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kPolicyDenied:
      return "policy-denied";
    case ErrorCode::kLintFailed:
      return "lint-failed";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kCertificateRevoked:
      return "certificate-revoked";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kFailedPrecondition:
      return "failed-precondition";
    case ErrorCode::kDecisionStale:
      return "decision-stale";
    case ErrorCode::kSchemaMismatch:
      return "schema-mismatch";
    case ErrorCode::kSignerUnavailable:
      return "signer-unavailable";
    case ErrorCode::kSignatureInvalid:
      return "signature-invalid";
    case ErrorCode::kStoreUnavailable:
      return "store-unavailable";
    case ErrorCode::kCommitInDoubt:
      return "commit-in-doubt";
    case ErrorCode::kOverloaded:
      return "overloaded";
    case ErrorCode::kDeadlineExceeded:
      return "deadline-exceeded";
    case ErrorCode::kShuttingDown:
      return "shutting-down";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

Error Fail(ErrorCode code, std::string rule, std::string message) {
  return Error{.code = code, .rule = std::move(rule), .message = std::move(message)};
}

Error FailWithDetail(ErrorCode code, std::string rule, std::string message, std::string detail) {
  Error error = Fail(code, std::move(rule), std::move(message));
  error.detail = std::move(detail);
  return error;
}

std::string Describe(const Error& error, ErrorText text) {
  std::string out(ErrorCodeName(error.code));
  if (!error.rule.empty()) out += " [" + error.rule + "]";
  out += ": " + error.message;
  for (const Violation& violation : error.violations) {
    out += "; " + violation.rule;
    if (!violation.field.empty()) out += " (" + violation.field + ")";
    out += ": " + violation.message;
  }
  if (text == ErrorText::kForLog && !error.detail.empty()) out += " | " + error.detail;
  return out;
}

}  // namespace mayfly
