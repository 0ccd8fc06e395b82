#include "clients/cli/exit_code.h"

#include <algorithm>
#include <string_view>

#include "clients/cpp/retry.h"

namespace mayfly::cli {

namespace {

// A mistake on the command line, or in what it or the settings name; what the server refuses with
// the same code is a failure.
bool IsOfUsage(std::string_view rule) {
  constexpr std::string_view kFiles[] = {"file.read",          "file.size",    "client.server",
                                         "client.file",        "client.trust", "client.certificate",
                                         "client.private-key", "client.token"};
  return rule.starts_with("cli.") || std::ranges::find(kFiles, rule) != std::end(kFiles);
}

}  // namespace

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
      return IsOfUsage(error.rule) ? ExitCode::kUsage : ExitCode::kFailed;
  }
}

}  // namespace mayfly::cli
