// Error: what failed, which rule said so, and what would satisfy it.
//
// There is one list of codes. rpc/status.cc maps it to gRPC, ocsp/ to OCSP response statuses,
// main.cc to process exit codes; nothing else maps it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly {

enum class ErrorCode {
  // The request is wrong, whoever sends it.
  kInvalidArgument,  // a field is missing, too large or malformed
  kBadDer,           // not strict DER
  kBadCsr,           // DER, but not a PKCS#10 request that may be believed
  kKeyRejected,      // the key policy refuses the subject's key
  kUnknownProfile,   // no such profile
  kRequestIdReused,  // this request id came before with another body
  kConfiguration,    // a configuration or policy file is wrong
  // The requester may not.
  kUnauthenticated,  // nobody proved who asks
  kPolicyDenied,     // the policy does not grant this to this principal
  kLintFailed,       // what would be signed breaks a rule
  // The world is not as the request assumes.
  kNotFound,
  kCertificateRevoked,  // the request id's certificate has been revoked
  kConflict,            // lost a race that the caller should look at again
  kFailedPrecondition,  // something else must come first, or came already
  kDecisionStale,       // decided before the control number was raised: decide again (never leaves)
  kSchemaMismatch,      // the database's schema is newer, dirty or absent
  // The service cannot, for now.
  kSignerUnavailable,  // not signed, or perhaps signed and nobody knows
  kSignatureInvalid,   // the signature does not verify: never released
  kStoreUnavailable,   // the database did not take it
  kCommitInDoubt,      // the COMMIT was sent and its answer lost; the request id decides
  kOverloaded,         // a bounded queue is full
  kDeadlineExceeded,
  kShuttingDown,
  kInternal,  // a bug
};

// Its name in kebab case ("bad-csr"), as logs and ErrorInfo.reason show it.
std::string_view ErrorCodeName(ErrorCode code);

// One finding: a rule's stable id ("csr.signature"), where it looked, and what would satisfy it.
struct Violation {
  std::string rule;
  std::string field;
  std::string message;
  friend bool operator==(const Violation&, const Violation&) = default;
};

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string rule;     // stable id of the rule that refused, e.g. "csr.signature"
  std::string message;  // for whoever asked: no secret, no SQL, no PKCS#11 detail
  std::vector<Violation> violations = {};  // every finding, where there can be more than one
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  std::string detail = {};  // for the operator's log only
};

// The usual way to make one.
Error Fail(ErrorCode code, std::string rule, std::string message);
// The same with something for the log only.
Error FailWithDetail(ErrorCode code, std::string rule, std::string message, std::string detail);
// "bad-csr [csr.signature]: message"; with the detail where `with_detail`.
enum class ErrorText { kForClient, kForLog };
std::string Describe(const Error& error, ErrorText text);

}  // namespace mayfly
