#include "clients/cli/exit_code.h"

#include "clients/cpp/retry.h"

namespace mayfly::cli {

ExitCode ExitCodeOf(const Error& error) {
  if (client::IsTransient(error.code)) return ExitCode::kUnavailable;
  switch (error.code) {
    case ErrorCode::kPolicyDenied:
    case ErrorCode::kUnauthenticated:
      return ExitCode::kDenied;
    case ErrorCode::kNotFound:
    case ErrorCode::kUnknownProfile:
      return ExitCode::kNotFound;
    case ErrorCode::kConfiguration:
      return ExitCode::kUsage;
    default:
      // A mistake on the command line; the server's refusals of the same code are failures.
      return error.rule.starts_with("cli.") ? ExitCode::kUsage : ExitCode::kFailed;
  }
}

}  // namespace mayfly::cli
