#include "clients/cli/invocation.h"

#include "clients/cli/error_text.h"

namespace mayfly::cli {

ExitCode Report(const Invocation& invocation, std::string_view what, const Error& error) {
  invocation.console.err << ErrorText(what, error, invocation.verb);
  return ExitCodeOf(error);
}

void Print(const Invocation& invocation, const Answer& answer) {
  invocation.console.out << TextOf(answer, invocation.format);
}

void Note(const Invocation& invocation, std::string_view text) {
  invocation.console.err << Wrap(text, 0) << "\n";
}

std::optional<ExitCode> Confirm(const Invocation& invocation, const std::string& question,
                                std::string_view refused) {
  const auto answer = invocation.console.confirm(question + " [y/N] ");
  if (!answer) {
    return Report(invocation, refused,
                  Usage("cli.confirmation", "there is no terminal to ask on; give --yes"));
  }
  if (*answer) return std::nullopt;
  Note(invocation, "Nothing was done.");
  return ExitCode::kFailed;
}

client::OnRetry TellOfRetries(const Invocation& invocation) {
  return [&invocation](const Error& error, Milliseconds wait) {
    Note(invocation, "mayfly: " + error.message);
    Note(invocation, "  Trying again in " + std::to_string(wait.count()) + " ms.");
  };
}

Result<std::unique_ptr<client::Client>> Connect(const Invocation& invocation, Caller caller) {
  TRY_ASSIGN(client::ClientConfig config,
             ResolveSettings(invocation.global, invocation.surroundings, caller));
  config.on_retry = TellOfRetries(invocation);
  return client::Client::Connect(std::move(config), {invocation.clock, invocation.random});
}

Error Usage(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

}  // namespace mayfly::cli
