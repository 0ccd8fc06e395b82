#include "clients/cli/app.h"

#include <CLI/CLI.hpp>
#include <cerrno>

#include "clients/cli/command_tree.h"
#include "clients/cli/error_text.h"
#include "clients/cli/usage_error.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kOwnExitCodes = "needs-renewal";

int UsageExit(std::string_view verb) {
  return static_cast<int>(verb == kOwnExitCodes ? ExitCode::kOther : ExitCode::kUsage);
}

const CLI::App& Chosen(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : Chosen(*chosen.front());
}

int Refuse(const CLI::App& verb, const Error& error, Console& console) {
  const std::string path = VerbPath(verb);
  console.err << ErrorText(path, error, path);
  return UsageExit(path);
}

// -o, --json, MAYFLY_OUTPUT; else the verb's usual form.
Result<Format> ChooseFormat(const Choice& choice, const Surroundings& surroundings) {
  const std::string& given = choice.global.output;
  if (choice.global.json && !given.empty() && given != "json") {
    return Usage("cli.output", "--json and -o " + Escape(given, 40) + " contradict each other");
  }
  if (choice.global.json) return ParseFormat("json", choice.formats);
  if (!given.empty()) return ParseFormat(given, choice.formats);
  const std::string variable = surroundings.Variable("MAYFLY_OUTPUT");
  // A wish for all verbs, so one that cannot follow it prints as usual.
  if (const auto format = ParseFormat(variable, choice.formats)) return format;
  if (variable.empty()) return Format::kTable;
  const auto known = ParseFormat(variable, CertificateFormats());
  if (known) return Format::kTable;
  return Usage("cli.output", "MAYFLY_OUTPUT: " + known.error().message);
}

int RunVerb(const CLI::App& verb, const Choice& choice, const AppParts& parts) {
  const auto format = ChooseFormat(choice, parts.surroundings);
  if (!format) return Refuse(verb, format.error(), parts.console);
  const auto code =
      static_cast<int>(choice.run({VerbPath(verb), choice.global, *format, parts.surroundings,
                                   parts.clock, parts.random, parts.console}));
  // A full disk or a closed pipe is a failure, not silence; and never "not yet".
  errno = 0;
  parts.console.out.flush();
  if (parts.console.out) return code;
  // Whoever reads has had enough: `| head` is no failure to speak of.
  if (errno != EPIPE) {
    parts.console.err << "mayfly: the output could not be written: is the disk full?\n";
  }
  if (verb.get_name() == kOwnExitCodes) return static_cast<int>(ExitCode::kOther);
  return code == 0 ? static_cast<int>(ExitCode::kFailed) : code;
}

}  // namespace

int Run(int argc, const char* const* argv, const AppParts& parts) {
  Choice choice;
  const auto app = MakeCommandTree(choice);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& help) {  // --help, --version
    return app->exit(help, parts.console.out, parts.console.err);
  } catch (const CLI::ParseError& error) {
    const CLI::App& verb = Chosen(*app);
    return Refuse(verb, UsageErrorOf(verb, error), parts.console);
  }
  return RunVerb(Chosen(*app), choice, parts);
}

}  // namespace mayfly::cli
