// What every verb is given, and how it answers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "clients/cli/exit_code.h"
#include "clients/cli/output.h"
#include "clients/cli/settings.h"

namespace mayfly::cli {

struct Invocation {
  std::string verb;  // "context add"
  GlobalOptions global;
  Format format;
  Surroundings surroundings;
  const Clock& clock;
  RandomSource& random;
  Console& console;
};

// Says on stderr what failed, why, and what helps; gives the exit code for it.
ExitCode Report(const Invocation& invocation, std::string_view what, const Error& error);
// Data, to stdout, in the form asked for.
void Print(const Invocation& invocation, const Answer& answer);
// Anything else, to stderr: broken into lines, with a newline.
void Note(const Invocation& invocation, std::string_view text);

// What a user asks when a verb destroys something; nothing: go on. Where there is no terminal to
// ask on, --yes is needed.
std::optional<ExitCode> Confirm(const Invocation& invocation, const std::string& question,
                                std::string_view refused);

// Says on stderr that it waits to try again. `invocation` outlives it.
client::OnRetry TellOfRetries(const Invocation& invocation);
// The client that the settings describe; it says on stderr when it waits to try again.
Result<std::unique_ptr<client::Client>> Connect(const Invocation& invocation,
                                                Caller caller = Caller::kFromSettings);

// A wrong use of the command line.
Error Usage(std::string rule, std::string message);

}  // namespace mayfly::cli
