#include "clients/cli/app.h"

#include <CLI/CLI.hpp>

namespace mayfly::cli {
namespace {

constexpr char kAbout[] =
    "Ask a Mayfly certificate authority for certificates, look at them, revoke them.";

constexpr char kFooter[] = R"(
Examples:
  mayfly issue web.internal
      a key and a certificate for web.internal: ./web.internal.key and .crt
  mayfly issue web.internal 10.0.0.7 --lifetime 7d --out /etc/web
  mayfly issue --csr request.pem --cert-out web.crt
      the key stays where it is
  mayfly show web.internal.crt
  mayfly show 2101933b52f0a1c2d3e4f5061728394a5b6c7d8e --json
  mayfly revoke web.internal.crt --reason key-compromise

Settings come from the options, else from a file: --config, $MAYFLY_CONFIG,
.mayfly/client.toml in this folder or one above, ~/.config/mayfly/client.toml.
  server      = "ca.internal:7443"
  trust       = "roots.pem"       # paths are relative to the file
  certificate = "me.crt"
  private_key = "me.key"

Data goes to stdout, all else to stderr. Exit codes:
  0  done                        3  denied by policy, or not authenticated
  1  failed                      4  not found
  2  wrong usage or settings     5  unavailable: try again
)";

constexpr char kIssueFooter[] = R"(
Names: a bare name is a DNS name or an IP address, scheme:// is a URI; the
prefixes DNS: IP: URI: email: say it outright. All must be granted, or nothing
is issued.

Examples:
  mayfly issue web.internal
  mayfly issue web.internal www.internal --lifetime 24h --key-type rsa-3072
  mayfly issue spiffe://mayfly.internal/ns/prod/sa/web --profile workload
  mayfly issue --csr request.pem --cert-out web.crt
)";

constexpr char kRevokeFooter[] = R"(
Revocation is for ever. On a terminal you are asked first; elsewhere --yes is
needed. Operators only.

Reasons: unspecified, key-compromise, ca-compromise, affiliation-changed,
superseded, cessation-of-operation, privilege-withdrawn

Examples:
  mayfly revoke web.internal.crt --reason key-compromise
  mayfly revoke 2101933b52f0a1c2d3e4f5061728394a5b6c7d8e --yes
)";

struct Arguments {
  GlobalOptions global;
  IssueOptions issue;
  std::string show_target;
  RevokeOptions revoke;
};

void AddGlobal(CLI::App& app, GlobalOptions& options) {
  app.add_option("--server", options.server, "the CA, host:port (port 7443 where not given)");
  app.add_option("--trust", options.trust, "roots that the CA is verified with, PEM");
  app.add_option("--cert", options.certificate, "your own certificate, PEM");
  app.add_option("--key", options.private_key, "its private key, PEM");
  app.add_option("--config", options.config_file, "file with these settings");
  app.add_option("--timeout", options.timeout, "all attempts together, e.g. 30s (default 15s)");
  app.add_flag("--json", options.json, "print the API's message as JSON");
}

void AddIssue(CLI::App& app, IssueOptions& options) {
  CLI::App* issue = app.add_subcommand("issue", "Make a key, get a certificate for it");
  issue->add_option("names", options.names, "names of the certificate");
  issue->add_option("--profile", options.profile, "profile of the CA's policy")
      ->capture_default_str();
  issue->add_option("--lifetime", options.lifetime, "e.g. 90m, 24h, 7d; else the profile's");
  issue->add_option("--csr", options.csr_file, "use this PKCS#10 request, PEM or DER");
  issue->add_option("--out", options.folder, "folder for NAME.key and NAME.crt")
      ->capture_default_str();
  issue->add_option("--cert-out", options.certificate_out, "file for the certificate and chain");
  issue->add_option("--key-out", options.key_out, "file for the key");
  issue->add_option("--key-type", options.key_type, "ec-p256, ec-p384, ed25519 or rsa-3072")
      ->capture_default_str();
  issue->add_flag("--force", options.force, "replace files that exist");
  issue->footer(kIssueFooter);
}

void AddShow(CLI::App& app, std::string& target) {
  CLI::App* show = app.add_subcommand("show", "Show a certificate and where it stands");
  show->add_option("certificate", target, "serial number, name, resource name or file")->required();
}

void AddRevoke(CLI::App& app, RevokeOptions& options) {
  CLI::App* revoke = app.add_subcommand("revoke", "Revoke a certificate, for ever");
  revoke->add_option("certificate", options.target, "serial number, name, resource name or file")
      ->required();
  revoke->add_option("--reason", options.reason, "why")->capture_default_str();
  revoke->add_flag("--yes", options.yes, "do not ask");
  revoke->footer(kRevokeFooter);
}

ExitCode Dispatch(const CLI::App& app, const Arguments& arguments, const AppParts& parts) {
  const Context context{arguments.global, parts.surroundings, parts.clock, parts.random,
                        parts.console};
  if (app.got_subcommand("issue")) return Issue(context, arguments.issue);
  if (app.got_subcommand("show")) return Show(context, arguments.show_target);
  if (app.got_subcommand("revoke")) return Revoke(context, arguments.revoke);
  return TrustBundle(context);
}

}  // namespace

int Run(int argc, const char* const* argv, const AppParts& parts) {
  Arguments arguments;
  CLI::App app(kAbout, "mayfly");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();  // so that --json and the like may follow the verb
  app.set_version_flag("--version", MAYFLY_VERSION);
  AddGlobal(app, arguments.global);
  AddIssue(app, arguments.issue);
  AddShow(app, arguments.show_target);
  AddRevoke(app, arguments.revoke);
  app.add_subcommand("trust-bundle", "Print the root certificates to trust, PEM");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version are 0; CLI11's own 100-127 all mean wrong usage.
    const int code = app.exit(error, parts.console.out, parts.console.err);
    return static_cast<int>(code == 0 ? ExitCode::kOk : ExitCode::kUsage);
  }
  return static_cast<int>(Dispatch(app, arguments, parts));
}

}  // namespace mayfly::cli
