#include "clients/cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "clients/cli/help.h"
#include "clients/cli/render.h"

namespace mayfly::cli {
namespace {

constexpr char kCertificates[] = "Certificates";
constexpr char kPolicyGroup[] = "Policy";
constexpr char kAuditGroup[] = "Audit";
constexpr char kKindList[] = "issued|abandoned|revoked|event";
constexpr char kMachine[] = "Trust and settings";
constexpr char kFormatList[] = "table|json|jsonl|yaml|name|pem";
constexpr char kStateList[] = "active|expired|revoked|intent|abandoned|all";
constexpr char kKeyTypes[] = "ec-p256|ec-p384|ed25519|rsa-3072";
constexpr char kDuration[] = "DURATION";
constexpr char kTargetHelp[] = "file, serial number, or a NAME of NAME.crt here";

std::string Type(std::string_view name) { return std::string(name); }

// Breaks a long list of words, so that help fits a terminal.
class FittedFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    constexpr size_t kWordsMax = 56;  // columns, beside the option's name
    const std::string text = CLI::Formatter::make_option_opts(option);
    std::string out;
    size_t line = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('|', at), text.size() - 1) + 1;
      if (line > 0 && line + end - at > kWordsMax) {
        out += "\n      ";
        line = 0;
      }
      out += text.substr(at, end - at);
      line += end - at;
      at = end;
    }
    return out;
  }
};

// Of what has a resource name.
Formats NamedFormats() {
  Formats formats = StructuredFormats();
  formats.push_back(Format::kName);
  return formats;
}

void AddGlobal(CLI::App& app, GlobalOptions& options) {
  const auto add = [&](const char* flag, std::string& value, std::string_view type,
                       const char* help) {
    app.add_option(flag, value, help)->type_name(Type(type))->group("Global options");
  };
  add("--context", options.context, kContextType, "the context to use (mayfly context list)");
  add("--server", options.server, "HOST[:PORT]", "the CA; port 7443 where not given");
  add("--trust", options.trust, kFileType, "roots that the CA is verified with, PEM");
  add("--cert", options.certificate, kFileType, "your own certificate, PEM");
  add("--key", options.private_key, kFileType, "its private key, PEM");
  add("--token-file", options.token_file, kFileType, "a JWT or enrolment token instead of both");
  add("--enrolment-server", options.enrolment_server, "HOST[:PORT]",
      "where tokens are taken; else the CA's port 7444");
  add("--config", options.config_file, kFileType, "settings file instead of the usual ones");
  add("--timeout", options.timeout, kDuration, "all attempts together (default 15s)");
  add("-o,--output", options.output, kFormatList, "form of what is printed");
  app.add_flag("--json", options.json, "the same as -o json")->group("Global options");
}

// A verb, which runs `run` with what its options were parsed into.
template <class Options>
CLI::App* AddVerb(CLI::App& parent, const char* name, const HelpText& help, Choice& choice,
                  Formats formats, std::shared_ptr<Options> options,
                  ExitCode (*run)(const Invocation&, const Options&)) {
  CLI::App* verb = parent.add_subcommand(name, help.about);
  verb->footer(help.footer);
  verb->final_callback([&choice, formats = std::move(formats), options, run] {
    choice.formats = formats;
    choice.run = [options, run](const Invocation& invocation) { return run(invocation, *options); };
  });
  return verb;
}

struct NoOptions {};
template <ExitCode (*kRun)(const Invocation&)>
ExitCode WithoutOptions(const Invocation& invocation, const NoOptions&) {
  return kRun(invocation);
}

void AddWish(CLI::App* verb, WishOptions& options) {
  verb->add_option("names", options.names, "names of the certificate")->type_name("NAME");
  verb->add_option("--profile", options.profile, "profile of the CA's policy")
      ->type_name("PROFILE")
      ->capture_default_str();
  verb->add_option("--lifetime", options.lifetime, "90m, 24h, 30d; else the profile's")
      ->type_name(kDuration);
  verb->add_option("--csr", options.csr_file, "use this PKCS#10 request, PEM or DER")
      ->type_name(Type(kFileType));
  verb->add_option("--key-type", options.key_type, "kind of the new key; else ec-p256")
      ->type_name(kKeyTypes);
}

// Where the key and the certificate go.
void AddPlaces(CLI::App* verb, IssueOptions& options) {
  verb->add_option("--out", options.folder, "folder for NAME.key and NAME.crt")
      ->type_name(Type(kFolderType))
      ->capture_default_str();
  verb->add_option("--cert-out", options.certificate_out, "file for the certificate and chain")
      ->type_name(Type(kFileType));
  verb->add_option("--key-out", options.key_out, "file for the key")->type_name(Type(kFileType));
  verb->add_flag("--force", options.force, "replace files that exist");
}

void AddIssue(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<IssueOptions>();
  CLI::App* verb =
      AddVerb(app, "issue", help::kIssue, choice, CertificateFormats(), options, Issue);
  verb->group(kCertificates);
  AddWish(verb, *options);
  AddPlaces(verb, *options);
  verb->add_option("--proof-out", options->proof_out, "wait for the audit log; file for its proof")
      ->type_name(Type(kFileType));
}

void AddExplain(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App* verb =
      AddVerb(app, "explain", help::kExplain, choice, StructuredFormats(), options, Explain);
  verb->group(kCertificates);
  AddWish(verb, *options);
  CLI::Option* as =
      verb->add_option("--as", options->as, "who would ask; else you")->type_name("PRINCIPAL");
  verb->add_option("--as-claim", options->as_claims, "what their token (jwt:...) says, for places")
      ->type_name("NAME=VALUE")
      ->needs(as);
  verb->add_option("--as-name", options->as_names, "another name of their certificate")
      ->type_name("NAME")
      ->needs(as);
}

void AddInspect(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App* verb =
      AddVerb(app, "inspect", help::kInspect, choice, CertificateFormats(), options, Inspect);
  verb->group(kCertificates);
  verb->add_option("target", options->target, "file, https://HOST[:PORT], serial number or name")
      ->type_name(Type(kFileType))
      ->required();
  verb->add_flag("--full", options->full, "everything, extensions too");
}

void AddVerify(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<VerifyOptions>();
  CLI::App* verb =
      AddVerb(app, "verify", help::kVerify, choice, StructuredFormats(), options, Verify);
  verb->group(kCertificates);
  verb->add_option("target", options->target, "file, https://HOST[:PORT], serial number or name")
      ->type_name(Type(kFileType))
      ->required();
  verb->add_option("--roots", options->roots, "roots to trust, PEM (else those of the settings)")
      ->type_name(Type(kFileType));
  verb->add_option("--name", options->names, "a name that it must hold for")->type_name("NAME");
  verb->add_flag("--online", options->online, "ask the CA whether it was revoked");
}

void AddNeedsRenewal(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<RenewalOptions>();
  CLI::App* verb = AddVerb(app, "needs-renewal", help::kNeedsRenewal, choice, StructuredFormats(),
                           options, NeedsRenewal);
  verb->group(kCertificates);
  verb->add_option("file", options->file, "the certificate, PEM or DER")
      ->type_name(Type(kFileType))
      ->required();
  verb->add_option("--expires-within", options->expires_within,
                   "renew when less is left (else a third of its life)")
      ->type_name(kDuration);
}

void AddRenew(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<RenewOptions>();
  CLI::App* verb =
      AddVerb(app, "renew", help::kRenew, choice, CertificateFormats(), options, Renew);
  verb->group(kCertificates);
  verb->add_option("file", options->file, "the certificate, PEM; it is replaced")
      ->type_name(Type(kFileType))
      ->required();
  verb->add_option("--key-file", options->key_file, "its key, which is replaced (else FILE's .key)")
      ->type_name(Type(kFileType));
  verb->add_option("--lifetime", options->lifetime, "90m, 24h, 30d; else the profile's")
      ->type_name(kDuration);
  verb->add_option("--key-type", options->key_type, "kind of the new key; else the old one's")
      ->type_name(kKeyTypes);
}

void AddList(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<ListOptions>();
  CLI::App* verb = AddVerb(app, "list", help::kList, choice, CertificateFormats(), options, List);
  verb->group(kCertificates);
  verb->add_option("--state", options->state, "only those in this state")
      ->type_name(kStateList)
      ->capture_default_str();
  verb->add_option("--expires-within", options->expires_within, "only those that expire by then")
      ->type_name(kDuration);
  verb->add_option("--filter", options->filter, "more conditions, as the API has them (AIP-160)")
      ->type_name("FILTER");
  verb->add_option("--limit", options->limit, "at most so many; 0: all")
      ->type_name("N")
      ->capture_default_str();
  AddVerb(app, "status", help::kStatus, choice, StructuredFormats(), std::make_shared<NoOptions>(),
          WithoutOptions<ShowStatus>)
      ->group(kCertificates);
}

void AddAlerts(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<AlertsOptions>();
  CLI::App* verb =
      AddVerb(app, "alerts", help::kAlerts, choice, NamedFormats(), options, ListAlerts);
  verb->group(kCertificates);
  verb->add_option("--limit", options->limit, "at most so many, up to 1000")
      ->type_name("N")
      ->capture_default_str();
}

void AddRevoke(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<RevokeOptions>();
  CLI::App* verb =
      AddVerb(app, "revoke", help::kRevoke, choice, CertificateFormats(), options, Revoke);
  verb->group(kCertificates);
  verb->add_option("certificates", options->targets, kTargetHelp)
      ->type_name(Type(kFileType))
      ->required();
  verb->add_option("--reason", options->reason, "why")
      ->type_name(ReasonList())
      ->capture_default_str();
  verb->add_flag("--propose", options->propose, "only propose it; another admin approves");
  verb->add_flag("--yes", options->yes, "do not ask");
}

void AddPolicyTest(CLI::App& policy, Choice& choice) {
  const auto options = std::make_shared<PolicyTestOptions>();
  CLI::App* verb =
      AddVerb(policy, "test", help::kPolicyTest, choice, StructuredFormats(), options, PolicyTest);
  verb->add_option("file", options->cases, "the expected decisions, TOML")
      ->type_name(Type(kFileType))
      ->required();
  verb->add_option("--policy", options->policy, "the policy, TOML")
      ->type_name(Type(kFileType))
      ->required();
}

void AddPolicyApply(CLI::App& policy, Choice& choice) {
  const auto options = std::make_shared<PolicyApplyOptions>();
  CLI::App* verb = AddVerb(policy, "apply", help::kPolicyApply, choice, StructuredFormats(),
                           options, PolicyApply);
  verb->add_option("file", options->file, "the policy, TOML")
      ->type_name(Type(kFileType))
      ->required();
  verb->add_option("--if-version", options->if_version, "only where this version is in force")
      ->type_name("VERSION");
  verb->add_flag("--yes", options->yes, "do not ask");
}

void AddPolicyPropose(CLI::App& policy, Choice& choice) {
  const auto options = std::make_shared<PolicyProposeOptions>();
  CLI::App* verb = AddVerb(policy, "propose", help::kPolicyPropose, choice, NamedFormats(), options,
                           PolicyPropose);
  verb->add_option("file", options->file, "the policy, TOML")
      ->type_name(Type(kFileType))
      ->required();
}

void AddPolicyDiff(CLI::App& policy, Choice& choice) {
  const auto options = std::make_shared<PolicyDiffOptions>();
  CLI::App* verb =
      AddVerb(policy, "diff", help::kPolicyDiff, choice, StructuredFormats(), options, PolicyDiff);
  verb->add_option("file", options->file, "the new policy, TOML")
      ->type_name(Type(kFileType))
      ->required();
  verb->add_option("--days", options->days, "requests of so many days")
      ->type_name("N")
      ->capture_default_str();
}

void AddPolicy(CLI::App& app, Choice& choice) {
  CLI::App* policy = app.add_subcommand("policy", help::kPolicy.about);
  policy->footer(help::kPolicy.footer)->group(kPolicyGroup)->require_subcommand(1);
  AddVerb(*policy, "show", help::kPolicyShow, choice, StructuredFormats(),
          std::make_shared<NoOptions>(), WithoutOptions<PolicyShow>);
  AddPolicyTest(*policy, choice);
  AddPolicyDiff(*policy, choice);
  AddPolicyApply(*policy, choice);
  AddPolicyPropose(*policy, choice);
}

// A verb about one proposal.
CLI::App* AddProposalVerb(CLI::App& proposal, const char* name, const HelpText& help,
                          Choice& choice, std::shared_ptr<ProposalOptions> options,
                          ExitCode (*run)(const Invocation&, const ProposalOptions&)) {
  CLI::App* verb = AddVerb(proposal, name, help, choice, NamedFormats(), options, run);
  verb->add_option("id", options->id, "as mayfly proposal list shows it")
      ->type_name("ID")
      ->required();
  return verb;
}

void AddProposal(CLI::App& app, Choice& choice) {
  CLI::App* proposal = app.add_subcommand("proposal", help::kProposal.about);
  proposal->footer(help::kProposal.footer)->group(kPolicyGroup)->require_subcommand(1);
  const auto list = std::make_shared<ProposalListOptions>();
  CLI::App* verb =
      AddVerb(*proposal, "list", help::kProposalList, choice, NamedFormats(), list, ProposalList);
  verb->add_flag("--all", list->all, "those too that are not open any more");
  verb->add_option("--limit", list->limit, "at most so many; 0: all")
      ->type_name("N")
      ->capture_default_str();
  const auto options = std::make_shared<ProposalOptions>();
  AddProposalVerb(*proposal, "show", help::kProposalShow, choice, options, ProposalShow);
  AddProposalVerb(*proposal, "approve", help::kProposalApprove, choice, options, ProposalApprove)
      ->add_flag("--yes", options->yes, "do not ask");
  AddProposalVerb(*proposal, "withdraw", help::kProposalWithdraw, choice, options, ProposalWithdraw)
      ->add_flag("--yes", options->yes, "do not ask");
}

void AddToken(CLI::App& app, Choice& choice) {
  CLI::App* token = app.add_subcommand("token", help::kToken.about);
  token->footer(help::kToken.footer)->group(kCertificates)->require_subcommand(1);
  const auto options = std::make_shared<TokenOptions>();
  CLI::App* create =
      AddVerb(*token, "create", help::kTokenCreate, choice, NamedFormats(), options, TokenCreate);
  create->add_option("names", options->names, "names of the certificate")
      ->type_name("NAME")
      ->required();
  create->add_option("--profile", options->profile, "profile of the CA's policy")
      ->type_name("PROFILE")
      ->capture_default_str();
  create->add_option("--lifetime", options->lifetime, "5m, 1h; else 15 minutes")
      ->type_name(kDuration);
  create->add_option("--uses", options->uses, "how many certificates it gives")
      ->type_name("N")
      ->capture_default_str();
  create->add_option("--out", options->out, "file for the token, instead of printing it")
      ->type_name(Type(kFileType));
  create->add_flag("--force", options->force, "replace a file that exists");
  AddVerb(*token, "list", help::kTokenList, choice, NamedFormats(), std::make_shared<NoOptions>(),
          WithoutOptions<TokenList>);
  const auto revoked = std::make_shared<TokenRevokeOptions>();
  CLI::App* revoke =
      AddVerb(*token, "revoke", help::kTokenRevoke, choice, {}, revoked, TokenRevoke);
  revoke->add_option("id", revoked->id, "as mayfly token list shows it")
      ->type_name("ID")
      ->required();
  revoke->add_flag("--yes", revoked->yes, "do not ask");
}

void AddBootstrap(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<BootstrapOptions>();
  CLI::App* verb =
      AddVerb(app, "bootstrap", help::kBootstrap, choice, CertificateFormats(), options, Bootstrap);
  verb->group(kMachine);
  verb->add_option("--fingerprint", options->fingerprint, "SHA-256 of the CA's root, in hex")
      ->type_name("SHA256")
      ->required();
  verb->add_option("--name", options->context, "name of the context that is made")
      ->type_name(Type(kContextType))
      ->capture_default_str();
  AddWish(verb, *options);
  AddPlaces(verb, *options);
}

void AddLog(CLI::App* verb, LogOptions& options) {
  verb->add_option("--log", options.folder, "folder with the log; else the CA is asked")
      ->type_name(Type(kFolderType));
  verb->add_option("--verifier-key", options.verifier_key,
                   "NAME+ID+KEY, or its file; else the log's word")
      ->type_name(Type(kFileType));
}

void AddAuditReading(CLI::App& audit, Choice& choice) {
  const auto list = std::make_shared<AuditListOptions>();
  CLI::App* verb =
      AddVerb(audit, "list", help::kAuditList, choice, StructuredFormats(), list, AuditList);
  AddLog(verb, list->log);
  verb->add_option("--kind", list->kind, "only these")->type_name(kKindList);
  verb->add_option("--limit", list->limit, "at most so many; 0: all")
      ->type_name("N")
      ->capture_default_str();
  const auto follow = std::make_shared<AuditFollowOptions>();
  verb = AddVerb(audit, "follow", help::kAuditFollow, choice, {Format::kTable, Format::kJsonl},
                 follow, AuditFollow);
  AddLog(verb, follow->log);
  verb->add_option("--from", follow->from, "index of the first; else what comes from now on")
      ->type_name("N");
  verb->add_option("--limit", follow->limit, "end after so many; 0: never")
      ->type_name("N")
      ->capture_default_str();
}

void AddAuditProve(CLI::App& audit, Choice& choice) {
  const auto options = std::make_shared<AuditProveOptions>();
  CLI::App* verb =
      AddVerb(audit, "prove", help::kAuditProve, choice, StructuredFormats(), options, AuditProve);
  verb->add_option("certificate", options->target, kTargetHelp)
      ->type_name(Type(kFileType))
      ->required();
  AddLog(verb, options->log);
  verb->add_option("--out", options->out, "file for the proof, and with .entry for the entry")
      ->type_name(Type(kFileType));
  verb->add_flag("--force", options->force, "replace files that exist");
}

void AddAuditFiles(CLI::App& audit, Choice& choice) {
  const auto copy = std::make_shared<AuditExportOptions>();
  CLI::App* verb = AddVerb(audit, "export", help::kAuditExport, choice, {}, copy, AuditExport);
  verb->add_option("folder", copy->folder, "where to")->type_name(Type(kFolderType))->required();
  AddLog(verb, copy->log);
  const auto verify = std::make_shared<AuditVerifyOptions>();
  verb = AddVerb(audit, "verify", help::kAuditVerify, choice, StructuredFormats(), verify,
                 AuditVerify);
  verb->add_option("folder", verify->folder, "the log")->type_name(Type(kFolderType))->required();
  verb->add_option("--dump", verify->dump, "dump of the database, pg_dump's plain format")
      ->type_name(Type(kFileType));
  verb->add_option("--verifier-key", verify->verifier_key,
                   "NAME+ID+KEY, or its file; else the folder's")
      ->type_name(Type(kFileType));
  verb->add_option("--as-of", verify->as_of, "what has expired by then; else by now")
      ->type_name("TIME");
  verb->add_option("--kept", verify->kept, "an older checkpoint that you kept; repeat for more")
      ->type_name(Type(kFileType));
}

void AddAudit(CLI::App& app, Choice& choice) {
  CLI::App* audit = app.add_subcommand("audit", help::kAudit.about);
  audit->footer(help::kAudit.footer)->group(kAuditGroup)->require_subcommand(1);
  AddAuditReading(*audit, choice);
  AddAuditProve(*audit, choice);
  AddAuditFiles(*audit, choice);
}

void AddTrust(CLI::App& app, Choice& choice) {
  CLI::App* trust = app.add_subcommand("trust", help::kTrust.about);
  trust->footer(help::kTrust.footer)->group(kMachine)->require_subcommand(1);
  const auto options = std::make_shared<TrustOptions>();
  Formats formats = StructuredFormats();
  formats.insert(formats.end(), {Format::kName, Format::kPem});
  AddVerb(*trust, "show", help::kTrustShow, choice, formats, std::make_shared<NoOptions>(),
          WithoutOptions<TrustShow>);
  AddVerb(*trust, "install", help::kTrustInstall, choice, {}, options, TrustInstall)
      ->add_option("file", options->file, "the roots, PEM; else the CA is asked")
      ->type_name(Type(kFileType));
  AddVerb(*trust, "uninstall", help::kTrustUninstall, choice, {}, options, TrustUninstall)
      ->add_flag("--yes", options->yes, "do not ask");
}

void AddContextName(CLI::App* verb, ContextOptions& options) {
  verb->add_option("name", options.name, "name of the context")
      ->type_name(Type(kContextType))
      ->required();
}

void AddContext(CLI::App& app, Choice& choice) {
  CLI::App* context = app.add_subcommand("context", help::kContext.about);
  context->footer(help::kContext.footer)->group(kMachine)->require_subcommand(1);
  const auto options = std::make_shared<ContextOptions>();
  AddVerb(*context, "list", help::kContextList, choice, NamedFormats(),
          std::make_shared<NoOptions>(), WithoutOptions<ContextList>);
  AddVerb(*context, "show", help::kContextShow, choice, StructuredFormats(),
          std::make_shared<NoOptions>(), WithoutOptions<ContextShow>);
  AddContextName(AddVerb(*context, "use", help::kContextUse, choice, {}, options, ContextUse),
                 *options);
  CLI::App* add = AddVerb(*context, "add", help::kContextAdd, choice, {}, options, ContextAdd);
  AddContextName(add, *options);
  add->add_flag("--use", options->use, "use it from now on (the first one is anyway)");
  add->add_flag("--force", options->force, "replace one of this name");
  CLI::App* remove =
      AddVerb(*context, "remove", help::kContextRemove, choice, {}, options, ContextRemove);
  AddContextName(remove, *options);
  remove->add_flag("--yes", options->yes, "do not ask");
}

void AddCompletion(CLI::App& app, Choice& choice) {
  const auto options = std::make_shared<CompletionOptions>();
  CLI::App* verb = AddVerb(app, "completion", help::kCompletion, choice, {}, options, Completion);
  verb->group(kMachine);
  verb->add_option("shell", options->shell, "which shell")->type_name("bash|zsh|fish")->required();
}

}  // namespace

std::unique_ptr<CLI::App> MakeCommandTree(Choice& choice) {
  auto app = std::make_unique<CLI::App>(help::kProgram.about, "mayfly");
  app->formatter(std::make_shared<FittedFormatter>());  // and of the verbs, which inherit it
  app->footer(help::kProgram.footer);
  app->require_subcommand(1);
  app->fallthrough();  // so that --json and the like may follow the verb
  app->set_version_flag("--version", MAYFLY_VERSION);
  AddGlobal(*app, choice.global);
  AddIssue(*app, choice);
  AddExplain(*app, choice);
  AddInspect(*app, choice);
  AddVerify(*app, choice);
  AddRenew(*app, choice);
  AddNeedsRenewal(*app, choice);
  AddList(*app, choice);
  AddAlerts(*app, choice);
  AddRevoke(*app, choice);
  AddToken(*app, choice);
  AddPolicy(*app, choice);
  AddProposal(*app, choice);
  AddBootstrap(*app, choice);
  AddAudit(*app, choice);
  AddContext(*app, choice);
  AddTrust(*app, choice);
  AddCompletion(*app, choice);
  return app;
}

std::string VerbPath(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "";
  const std::string above = VerbPath(*app.get_parent());
  return above + (above.empty() ? "" : " ") + app.get_name();
}

}  // namespace mayfly::cli
