#include "clients/cpp/decode.h"

#include <grpcpp/support/status.h>

#include <cctype>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace mayfly::client {
namespace {

constexpr std::string_view kErrorDomain = "mayfly.ca";
constexpr size_t kMessageBytesMax = 1024;

std::optional<ErrorCode> CodeOfReason(std::string_view reason) {
  std::string name;
  for (const unsigned char c : reason) {
    name += c == '_' ? '-' : static_cast<char>(std::tolower(c));
  }
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (ErrorCodeName(code) == name) return code;
  }
  return std::nullopt;
}

// "message [rule]" -> both.
Violation FindingOf(const google::rpc::BadRequest::FieldViolation& finding) {
  std::string message = Escape(finding.description(), kMessageBytesMax);
  std::string rule;
  if (const size_t open = message.rfind(" ["); open != std::string::npos && message.back() == ']') {
    rule = message.substr(open + 2, message.size() - open - 3);
    message.resize(open);
  }
  return {std::move(rule), Escape(finding.field()), std::move(message)};
}

Error Made(ErrorCode code, std::string rule, const grpc::Status& status) {
  return Fail(code, std::move(rule), Escape(status.error_message(), kMessageBytesMax));
}

// gRPC has no code for it, only OpenSSL's or BoringSSL's words in the text of UNAVAILABLE.
bool SaysNotTrusted(std::string_view message) {
  return message.find("certificate verify failed") != std::string_view::npos ||
         message.find("CERTIFICATE_VERIFY_FAILED") != std::string_view::npos;
}

Error ServerNotTrusted() {
  return Fail(ErrorCode::kShuttingDown, std::string(kServerNotTrusted),
              "the server's certificate is not one of a CA that --trust names, or is not for this "
              "server's name");
}

Error WithoutDetails(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      if (SaysNotTrusted(status.error_message())) return ServerNotTrusted();
      return Made(ErrorCode::kShuttingDown, "client.unreachable", status);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Made(ErrorCode::kDeadlineExceeded, "client.deadline", status);
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:  // a message or metadata too large: not transient
      return Made(ErrorCode::kInvalidArgument, "client.status", status);
    case grpc::StatusCode::UNAUTHENTICATED:
      return Made(ErrorCode::kUnauthenticated, "client.status", status);
    case grpc::StatusCode::PERMISSION_DENIED:
      return Made(ErrorCode::kPolicyDenied, "client.status", status);
    case grpc::StatusCode::NOT_FOUND:
      return Made(ErrorCode::kNotFound, "client.status", status);
    case grpc::StatusCode::UNIMPLEMENTED:
      return Fail(ErrorCode::kInternal, "client.unimplemented",
                  "the server is older than this program and cannot do it");
    default:
      return Made(ErrorCode::kInternal, "client.status", status);
  }
}

void ReadInfo(const google::protobuf::Any& any, std::optional<Error>& error) {
  google::rpc::ErrorInfo info;
  if (!any.UnpackTo(&info) || info.domain() != kErrorDomain) return;
  const auto code = CodeOfReason(info.reason());
  if (!code) return;
  const auto rule = info.metadata().find("rule");
  error = Fail(*code, rule == info.metadata().end() ? "" : Escape(rule->second), "");
}

void ReadFindings(const google::protobuf::Any& any, Error& error) {
  google::rpc::BadRequest findings;
  google::rpc::RetryInfo retry;
  if (any.UnpackTo(&findings)) {
    for (const auto& finding : findings.field_violations()) {
      error.violations.push_back(FindingOf(finding));
    }
  } else if (any.UnpackTo(&retry)) {
    error.retry_after = std::chrono::milliseconds(retry.retry_delay().seconds() * 1000 +
                                                  retry.retry_delay().nanos() / 1'000'000);
  }
}

}  // namespace

Error DecodeStatus(const grpc::Status& status) {
  google::rpc::Status details;
  std::optional<Error> error;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& any : details.details()) ReadInfo(any, error);
  }
  if (!error) return WithoutDetails(status);
  error->message = Escape(status.error_message(), kMessageBytesMax);
  for (const auto& any : details.details()) ReadFindings(any, *error);
  return *std::move(error);
}

}  // namespace mayfly::client
