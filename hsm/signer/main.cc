// mayfly-signer: the process that owns the PKCS#11 module, the PIN and the sessions.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/harden_process.h"
#include "hsm/signer/commands.h"
#include "telemetry/log.h"

namespace {

using mayfly::hsm::IfExists;

constexpr const char* kServeHelp =
    "Serve signatures over the configured Unix socket.\n\n"
    "A supervisor hands jobs to worker processes, each with one session in the token. A worker\n"
    "that hangs or dies is replaced; a token that vanishes is waited for. A PIN that the token\n"
    "refused is never sent again until you run `mayfly-signer clear-pin`.";
constexpr const char* kGenerateKeyHelp =
    "Make a key pair inside the token and print its public key as PEM.\n\n"
    "The private key can sign and nothing else, and can never leave the token. A name that is\n"
    "taken is refused; with --if-missing an existing key of the same type is a success.\n"
    "Example: mayfly-signer generate-key --config signer.toml \\\n"
    "           --uri 'pkcs11:token=mayfly;object=issuing' --type p256";
constexpr const char* kPublicKeyHelp = "Print the public key that the URI names as PEM.";
constexpr const char* kClearPinHelp =
    "Forget which PINs were tried, so that the one in the PIN file is sent once more.\n\n"
    "Do this when you know that the PIN file is right and the token is not locked: every wrong\n"
    "PIN brings a token nearer to locking for good. A running server notices within seconds.";

// CLI11's own codes are 100 to 127; ours say: 0 well, 1 failed, 2 wrong usage.
int ReportUsage(const CLI::App& app, const CLI::ParseError& error) {
  return app.exit(error) == 0 ? mayfly::hsm::kExitOk : mayfly::hsm::kExitUsage;
}

CLI::App* AddCommand(CLI::App& app, const char* name, const char* help, std::string& config) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("--config", config, "The signer's configuration file (TOML)")->required();
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  mayfly::HardenProcess();
  mayfly::telemetry::StartLogging("mayfly-signer");
  CLI::App app("Signs for Mayfly with keys that never leave their token.", "mayfly-signer");
  app.set_version_flag("--version", MAYFLY_VERSION);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 success, 1 failure, 2 wrong usage or configuration.");

  std::string config, uri, kind;
  bool if_missing = false;
  CLI::App* serve = AddCommand(app, "serve", kServeHelp, config);
  CLI::App* generate = AddCommand(app, "generate-key", kGenerateKeyHelp, config);
  generate->add_option("--uri", uri, "pkcs11:token=LABEL;object=NAME")->required();
  generate->add_option("--type", kind)
      ->required()
      ->check(CLI::IsMember(mayfly::hsm::KeyKindNames()));
  generate->add_flag("--if-missing", if_missing, "Succeed when the key is already there");
  CLI::App* public_key = AddCommand(app, "public-key", kPublicKeyHelp, config);
  public_key->add_option("--uri", uri, "pkcs11:token=LABEL;object=NAME")->required();
  CLI::App* clear_pin = AddCommand(app, "clear-pin", kClearPinHelp, config);
  CLI::App* worker = AddCommand(app, "worker", "Started by `serve`.", config);
  worker->group("");  // not shown

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ReportUsage(app, error);
  }
  if (*serve) return mayfly::hsm::ServeCommand(config);
  if (*worker) return mayfly::hsm::WorkerCommand(config);
  if (*clear_pin) return mayfly::hsm::ClearPinCommand(config);
  if (*public_key) return mayfly::hsm::PublicKeyCommand(config, uri);
  if (!*generate) return mayfly::hsm::kExitUsage;
  return mayfly::hsm::GenerateKeyCommand({config, uri, *mayfly::hsm::KeyKindNamed(kind),
                                          if_missing ? IfExists::kAccept : IfExists::kRefuse});
}
