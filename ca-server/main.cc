// mayfly-ca: flags -> configuration -> wire -> run -> drain.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "config/config.h"
#include "exit_code.h"
#include "telemetry/log.h"

namespace {

using mayfly::Result;
using mayfly::Status;

constexpr const char* kDescription =
    "The certificate authority server: signs CSRs with keys in a token, records every certificate\n"
    "in PostgreSQL, answers OCSP.\n\n"
    "A new CA, in this order: migrate, init-ca, apply-policy, serve.";
constexpr const char* kExitCodes = "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.";

struct Flags {
  std::string config;
  bool check_config = false;
  mayfly::OwnerOptions owner;
  mayfly::ExportOptions export_ca;
  mayfly::IssueLocalOptions issue_local;
  std::string cleared_uri;
};

// The mistakes of a file come one a line, so that an editor can jump to each.
int Report(const Status& status) {
  if (status) return mayfly::kExitOk;
  mayfly::Error error = status.error();
  if (error.code == mayfly::ErrorCode::kConfiguration) {
    for (const mayfly::Violation& mistake : error.violations) {
      std::fprintf(stderr, "%s: %s [%s]\n", mistake.field.c_str(), mistake.message.c_str(),
                   mistake.rule.c_str());
    }
    error.violations.clear();
  }
  std::fprintf(stderr, "mayfly-ca: %s\n",
               mayfly::Describe(error, mayfly::ErrorText::kForLog).c_str());
  return mayfly::ExitCodeOf(error.code);
}

using Command = std::function<Status(const mayfly::config::Config&, const Flags&)>;

void Choose(Command& chosen, CLI::App* sub, Command command) {
  sub->callback([&chosen, command] { chosen = command; });
}

void AddQuarantineCommands(CLI::App& app, Flags& flags, Command& chosen) {
  CLI::App* quarantine = app.add_subcommand(
      "quarantine",
      "Lists the places of keys that are quarantined on this server: they signed wrongly, or hold\n"
      "another key, and are not asked again until they are cleared");
  Choose(chosen, quarantine,
         [](const auto& config, const Flags&) { return mayfly::ListQuarantined(config); });

  CLI::App* clear = app.add_subcommand(
      "clear-quarantine",
      "Lets a place of a key sign again, after its token was looked into. A running server\n"
      "notices within seconds, and has a canary signed there first");
  clear->add_option("--uri", flags.cleared_uri, "the place, as quarantine lists it")->required();
  Choose(chosen, clear, [](const auto& config, const Flags& f) {
    return mayfly::ClearQuarantined(config, f.cleared_uri);
  });
}

void AddCommands(CLI::App& app, Flags& flags, Command& chosen) {
  auto choose = [&chosen](CLI::App* sub, Command command) {
    Choose(chosen, sub, std::move(command));
  };
  auto add_owner = [&flags](CLI::App* sub) {
    sub->add_option("--owner", flags.owner.connection,
                    "libpq keywords that override the configured connection for the role that "
                    "owns the schema, e.g. \"user=mayfly_owner\"")
        ->type_name("KEYWORDS");
  };
  CLI::App* migrate = app.add_subcommand(
      "migrate", "Brings the database's schema up to this version; safe to repeat");
  add_owner(migrate);
  choose(migrate, [](const auto& config, const Flags& f) { return Migrate(config, f.owner); });

  CLI::App* init = app.add_subcommand(
      "init-ca",
      "Makes the root's and the issuing CAs' certificates; safe to repeat.\n"
      "Their keys must be in the token (mayfly-signer generate-key), and the signer\n"
      "must serve them for the purpose ca-certificate");
  add_owner(init);
  choose(init, [](const auto& config, const Flags& f) { return InitCa(config, f.owner); });

  CLI::App* apply = app.add_subcommand(
      "apply-policy", "Puts the configured policy file in force, on every replica; safe to repeat");
  choose(apply, [](const auto& config, const Flags&) { return mayfly::ApplyPolicy(config); });

  CLI::App* exported = app.add_subcommand("export-ca", "Writes the CA certificates as PEM files");
  exported->add_option("--root", flags.export_ca.root_file, "for the root certificates");
  exported->add_option("--chain", flags.export_ca.chain_file, "for the issuing certificates");
  choose(exported,
         [](const auto& config, const Flags& f) { return ExportCa(config, f.export_ca); });

  AddQuarantineCommands(app, flags, chosen);

  mayfly::IssueLocalOptions& local = flags.issue_local;
  CLI::App* issue = app.add_subcommand(
      "issue-local",
      "Issues a certificate on the CA's own machine, through the same path as every other\n"
      "(principal local:<uid>; the policy must allow it). For first credentials.\n"
      "Example: mayfly-ca issue-local --config ca.toml --profile client \\\n"
      "           --name URI:spiffe://mayfly.internal/operator \\\n"
      "           --cert-out operator.crt --key-out operator.key");
  issue->add_option("--profile", local.profile, "a profile of the policy")->required();
  issue->add_option("--name", local.names, "DNS:.., IP:.., URI:.. or email:..; repeat for more")
      ->required();
  issue->add_option("--cert-out", local.certificate_file, "PEM: leaf, then issuing CA")->required();
  issue
      ->add_option("--key-out", local.key_file,
                   "PEM, PKCS#8, mode 0600; replaced. The same file: both in it, mode 0600")
      ->required();
  issue->add_option("--lifetime", local.lifetime, "e.g. 90m, 24h, 7d");
  issue->add_flag("--if-lapsing", local.if_lapsing,
                  "do nothing while the certificate there has a third of its life left");
  choose(issue,
         [](const auto& config, const Flags& f) { return IssueLocal(config, f.issue_local); });

  CLI::App* serve = app.add_subcommand("serve", "Runs the server until SIGTERM or SIGINT");
  choose(serve, [](const auto& config, const Flags&) { return mayfly::Serve(config); });

  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) {
    sub->fallthrough();
    sub->footer(kExitCodes);
  }
}

int Run(int argc, char** argv) {
  CLI::App app(kDescription, "mayfly-ca");
  Flags flags;
  Command chosen;
  app.add_option("--config", flags.config, "the configuration file")->type_name("FILE");
  app.add_flag("--check-config", flags.check_config,
               "reads configuration and policy file, reports every error, and ends");
  app.set_version_flag("--version", std::string("mayfly-ca ") + MAYFLY_VERSION);
  app.footer(kExitCodes);
  AddCommands(app, flags, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? mayfly::kExitOk : mayfly::kExitUsage;
  }
  if (!flags.check_config && !chosen) {
    std::fputs(app.help().c_str(), stderr);
    return mayfly::kExitUsage;
  }
  if (flags.config.empty()) {
    std::fputs("mayfly-ca: --config FILE is needed\n", stderr);
    return mayfly::kExitUsage;
  }
  if (flags.check_config) return Report(mayfly::CheckConfig(flags.config));
  const auto config = mayfly::config::LoadConfig(flags.config);
  if (!config) return Report(config.error());
  return Report(chosen(*config, flags));
}

}  // namespace

int main(int argc, char** argv) {
  mayfly::telemetry::StartLogging("mayfly-ca");
  return Run(argc, argv);
}
