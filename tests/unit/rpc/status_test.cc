#include "rpc/status.h"

#include <gtest/gtest.h>

#include <map>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace mayfly::rpc {
namespace {

using enum grpc::StatusCode;

struct Details {
  std::optional<google::rpc::ErrorInfo> info;
  std::optional<google::rpc::BadRequest> findings;
  std::optional<google::rpc::RetryInfo> retry;
  google::rpc::Status status;
};

Details Unpack(const grpc::Status& status) {
  Details details;
  EXPECT_TRUE(details.status.ParseFromString(status.error_details()));
  for (const auto& any : details.status.details()) {
    if (any.Is<google::rpc::ErrorInfo>()) any.UnpackTo(&details.info.emplace());
    if (any.Is<google::rpc::BadRequest>()) any.UnpackTo(&details.findings.emplace());
    if (any.Is<google::rpc::RetryInfo>()) any.UnpackTo(&details.retry.emplace());
  }
  return details;
}

struct Row {
  grpc::StatusCode code;
  bool retry;
};

const std::map<ErrorCode, Row>& ExpectedTable() {
  static const std::map<ErrorCode, Row> table = {
      {ErrorCode::kInvalidArgument, {INVALID_ARGUMENT, false}},
      {ErrorCode::kBadDer, {INVALID_ARGUMENT, false}},
      {ErrorCode::kBadCsr, {INVALID_ARGUMENT, false}},
      {ErrorCode::kKeyRejected, {INVALID_ARGUMENT, false}},
      {ErrorCode::kUnknownProfile, {NOT_FOUND, false}},
      {ErrorCode::kRequestIdReused, {INVALID_ARGUMENT, false}},
      {ErrorCode::kConfiguration, {INTERNAL, false}},
      {ErrorCode::kUnauthenticated, {UNAUTHENTICATED, false}},
      {ErrorCode::kPolicyDenied, {PERMISSION_DENIED, false}},
      {ErrorCode::kLintFailed, {FAILED_PRECONDITION, false}},
      {ErrorCode::kNotFound, {NOT_FOUND, false}},
      {ErrorCode::kCertificateRevoked, {FAILED_PRECONDITION, false}},
      {ErrorCode::kConflict, {ABORTED, false}},
      {ErrorCode::kFailedPrecondition, {FAILED_PRECONDITION, false}},
      {ErrorCode::kDecisionStale, {INTERNAL, false}},
      {ErrorCode::kSchemaMismatch, {INTERNAL, false}},
      {ErrorCode::kSignerUnavailable, {UNAVAILABLE, true}},
      {ErrorCode::kSignatureInvalid, {INTERNAL, false}},
      {ErrorCode::kStoreUnavailable, {UNAVAILABLE, true}},
      {ErrorCode::kCommitInDoubt, {UNAVAILABLE, true}},
      {ErrorCode::kOverloaded, {RESOURCE_EXHAUSTED, true}},
      {ErrorCode::kDeadlineExceeded, {DEADLINE_EXCEEDED, true}},
      {ErrorCode::kShuttingDown, {UNAVAILABLE, true}},
      {ErrorCode::kInternal, {INTERNAL, false}},
  };
  return table;
}

TEST(Status, EveryErrorCodeHasItsRow) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    ASSERT_TRUE(ExpectedTable().contains(code)) << ErrorCodeName(code);
    const Row row = ExpectedTable().at(code);
    const grpc::Status status = ToGrpcStatus(Fail(code, "some.rule", "a message"));
    EXPECT_EQ(status.error_code(), row.code) << ErrorCodeName(code);
    const Details details = Unpack(status);
    EXPECT_EQ(details.status.code(), row.code);
    EXPECT_EQ(details.retry.has_value(), row.retry) << ErrorCodeName(code);
    ASSERT_TRUE(details.info);
    EXPECT_EQ(details.info->domain(), "mayfly.ca");
    if (row.code == INTERNAL) continue;
    EXPECT_EQ(details.info->reason(), ErrorReason(code));
    EXPECT_EQ(details.info->metadata().at("rule"), "some.rule");
    EXPECT_EQ(status.error_message(), "a message");
  }
}

TEST(Status, ReasonIsUpperSnake) { EXPECT_EQ(ErrorReason(ErrorCode::kBadCsr), "BAD_CSR"); }

TEST(Status, TheServersOwnFaultsSayNothing) {
  Error error = FailWithDetail(ErrorCode::kSchemaMismatch, "schema.version", "table x lacks y",
                               "SELECT secret");
  error.violations.push_back({"schema.version", "x", "y"});
  error.retry_after = std::chrono::seconds(3);
  const grpc::Status status = ToGrpcStatus(error);
  const std::string all = status.error_message() + status.error_details();
  for (const char* leak : {"table x", "secret", "schema", "SCHEMA"}) {
    EXPECT_EQ(all.find(leak), std::string::npos) << leak;
  }
  EXPECT_EQ(Unpack(status).info->reason(), "INTERNAL");
  EXPECT_FALSE(Unpack(status).retry);
}

TEST(Status, DetailNeverLeaves) {
  const grpc::Status status = ToGrpcStatus(FailWithDetail(
      ErrorCode::kStoreUnavailable, "store.lost", "try again", "host=db-7 pin=1234"));
  EXPECT_EQ((status.error_message() + status.error_details()).find("1234"), std::string::npos);
}

TEST(Status, RetryDelayIsTheErrorsOwn) {
  Error error = Fail(ErrorCode::kOverloaded, "rpc.in-flight", "full");
  error.retry_after = std::chrono::milliseconds(2500);
  const Details details = Unpack(ToGrpcStatus(error));
  EXPECT_EQ(details.retry->retry_delay().seconds(), 2);
  EXPECT_EQ(details.retry->retry_delay().nanos(), 500'000'000);
}

TEST(Status, EachFindingIsAFieldViolation) {
  Error error = Fail(ErrorCode::kPolicyDenied, "policy.name", "two names are not granted");
  error.violations = {{"policy.name", "DNS:a.internal", "no rule"},
                      {"policy.name-kind", "IP:10.0.0.1", "no addresses"}};
  const Details details = Unpack(ToGrpcStatus(error));
  ASSERT_TRUE(details.findings);
  ASSERT_EQ(details.findings->field_violations_size(), 2);
  EXPECT_EQ(details.findings->field_violations(1).field(), "IP:10.0.0.1");
  EXPECT_EQ(details.findings->field_violations(1).description(), "no addresses [policy.name-kind]");
}

TEST(Status, DetailsFitIntoTrailersHoweverManyFindings) {
  Error error = Fail(ErrorCode::kPolicyDenied, std::string(5000, 'r'), std::string(5000, 'm'));
  for (int i = 0; i < 100; ++i) {
    error.violations.push_back(
        {"policy.name", "DNS:" + std::string(250, 'a'), "no rule grants it"});
  }
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_LE(status.error_details().size(), kErrorDetailsBytesMax);
  EXPECT_LE(status.error_message().size(), kErrorMessageBytesMax + 3);
  const auto findings = *Unpack(status).findings;
  ASSERT_GT(findings.field_violations_size(), 2);
  const int sent = findings.field_violations_size() - 1;
  EXPECT_EQ(findings.field_violations(sent).description(),
            "and " + std::to_string(100 - sent) + " findings more");
}

TEST(Status, TextFromOutsideIsEscaped) {
  const grpc::Status status =
      ToGrpcStatus(Fail(ErrorCode::kBadCsr, "csr.signature", "bad\n\x1b[31m\xff"));
  EXPECT_EQ(status.error_message(), "bad\\x0a\\x1b[31m\\xff");
}

}  // namespace
}  // namespace mayfly::rpc
