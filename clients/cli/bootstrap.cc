// `mayfly bootstrap`: first contact. All that is known is the SHA-256 of the root; whoever answers
// is asked for the CA's roots, and nothing is believed but the one with that fingerprint. From then
// on everything is verified TLS, the fetching of the token's certificate too.
#include <algorithm>

#include "clients/cli/contexts.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/files.h"
#include "clients/cpp/names.h"
#include "x509/digest.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// "AB:CD:..", as openssl prints it, or plain hex.
Result<Hash256> ReadFingerprint(std::string text) {
  std::erase(text, ':');
  const auto octets = FromHex(text);
  Hash256 hash{};
  if (!octets || octets->size() != hash.size()) {
    return Usage("cli.fingerprint",
                 "--fingerprint is a SHA-256: 64 hex digits, with or without colons");
  }
  std::ranges::copy(*octets, hash.begin());
  return hash;
}

Error NoSuchRoot(const ca::v1::TrustBundle& bundle, const std::string& server) {
  Error error = Fail(ErrorCode::kUnauthenticated, "bootstrap.fingerprint",
                     "no root of the CA at " + server + " has this fingerprint");
  for (const std::string& der : bundle.root_certificates_der()) {
    error.violations.push_back({"", "root", "it says " + ToHex(x509::Sha256(AsBytes(der)))});
  }
  return error;
}

Result<std::string> RootPem(const ca::v1::TrustBundle& bundle, const Hash256& fingerprint,
                            const std::string& server) {
  for (const std::string& der : bundle.root_certificates_der()) {
    if (x509::Sha256(AsBytes(der)) == fingerprint) return x509::ToPem("CERTIFICATE", AsBytes(der));
  }
  return NoSuchRoot(bundle, server);
}

// What is made of the options before anybody is asked.
struct Plan {
  Hash256 fingerprint;
  std::string enrolment_server;
  NamedContext context;
  Overwrite overwrite;
  bool enrols;
  IssueOptions issue;
};

Status PlanEnrolment(const Invocation& invocation, const BootstrapOptions& options, Plan& plan) {
  if (!plan.enrols) {
    if (options.names.empty() && options.csr_file.empty()) return Ok();
    return Usage("cli.token-file", "names are for --token-file: without a token nobody enrols");
  }
  if (options.names.empty()) return Usage("cli.names", "name what the token is for");
  TRY_ASSIGN(const auto first, client::ParseName(options.names.front()));
  const fs::path folder = invocation.surroundings.working_folder / options.folder;
  const std::string stem = client::FileStemOf(first);
  plan.issue = options;
  const auto place = [&](std::string& out, const char* extension) {
    const fs::path given = out.empty() ? folder / (stem + extension) : fs::path(out);
    out = (invocation.surroundings.working_folder / given).lexically_normal().string();
  };
  place(plan.issue.certificate_out, ".crt");
  place(plan.issue.key_out, ".key");
  return Ok();
}

Result<Plan> MakePlan(const Invocation& invocation, const BootstrapOptions& options) {
  const GlobalOptions& global = invocation.global;
  if (global.server.empty()) return Usage("cli.server", "--server says where the CA is");
  Plan plan{};
  TRY_ASSIGN(plan.fingerprint, ReadFingerprint(options.fingerprint));
  TRY_ASSIGN(plan.enrolment_server, EnrolmentServerOf(global.enrolment_server, global.server));
  TRY(CheckContextName(options.context));
  const Surroundings& surroundings = invocation.surroundings;
  plan.overwrite = options.force ? Overwrite::kYes : Overwrite::kNo;
  const auto taken = ContextNames(surroundings);
  if (!options.force && std::ranges::find(taken, options.context) != taken.end()) {
    return Fail(ErrorCode::kConflict, "context.exists",
                "there is a context \"" + options.context + "\" already");
  }
  plan.enrols = !global.token_file.empty();
  TRY(PlanEnrolment(invocation, options, plan));
  plan.context.name = options.context;
  plan.context.settings[static_cast<size_t>(Setting::kServer)] = global.server;
  plan.context.settings[static_cast<size_t>(Setting::kEnrolmentServer)] = plan.enrolment_server;
  return plan;
}

// Beside the context's own file.
Result<fs::path> WriteTrust(const Plan& plan, const std::string& pem,
                            const Surroundings& surroundings) {
  TRY_ASSIGN(const fs::path folder, ContextFolder(surroundings));
  const fs::path file = folder / (plan.context.name + ".roots.pem");
  TRY(client::WriteFileAtomically(file, AsBytes(pem), client::kPublicMode,
                                  client::Existing::kReplace));
  return file;
}

// As its holder would be called with these settings and no others.
Invocation With(const Invocation& invocation, const Plan& plan, const fs::path& trust) {
  Invocation verified = invocation;
  verified.global.trust = trust.string();
  verified.global.enrolment_server = plan.enrolment_server;
  return verified;
}

Result<fs::path> LearnRoots(const Invocation& invocation, const Plan& plan) {
  client::ClientConfig stranger{.server = plan.enrolment_server, .trust = {}};
  stranger.on_retry = TellOfRetries(invocation);
  TRY_ASSIGN(const auto timeout, FindTimeout(invocation.global, invocation.surroundings));
  if (timeout) stranger.retry.overall = *timeout;
  auto claimed =
      client::Client::InsecurelyFetchTrustBundle(stranger, {invocation.clock, invocation.random});
  if (!claimed) {
    Error& error = claimed.error();
    if (error.rule == "client.unreachable") error.rule = "bootstrap.unreachable";
    return error;
  }
  TRY_ASSIGN(const std::string pem, RootPem(*claimed, plan.fingerprint, plan.enrolment_server));
  TRY_ASSIGN(fs::path trust, WriteTrust(plan, pem, invocation.surroundings));
  // Whoever has that root's certificate may name the CA's other roots.
  const Invocation verified = With(invocation, plan, trust);
  TRY_ASSIGN(const auto client, Connect(verified, Caller::kNobody));
  TRY_ASSIGN(const auto bundle, client->TrustBundle());
  std::string all;
  for (const std::string& der : bundle.root_certificates_der()) {
    all += x509::ToPem("CERTIFICATE", AsBytes(der));
  }
  TRY(WriteTrust(plan, all, invocation.surroundings));
  return trust;
}

}  // namespace

ExitCode Bootstrap(const Invocation& invocation, const BootstrapOptions& options) {
  constexpr std::string_view kWhat = "the CA was not recognized";
  auto plan = MakePlan(invocation, options);
  if (!plan) return Report(invocation, "nothing was done", plan.error());
  const auto trust = LearnRoots(invocation, *plan);
  if (!trust) return Report(invocation, kWhat, trust.error());
  Note(invocation, "Recognized: the CA at " + plan->enrolment_server);
  SettingTexts& settings = plan->context.settings;
  settings[static_cast<size_t>(Setting::kTrust)] = trust->string();
  if (plan->enrols) {
    const ExitCode issued = Issue(With(invocation, *plan, *trust), plan->issue);
    if (issued != ExitCode::kOk) return issued;
    settings[static_cast<size_t>(Setting::kCertificate)] = plan->issue.certificate_out;
    settings[static_cast<size_t>(Setting::kPrivateKey)] = plan->issue.key_out;
  }
  const bool is_first = ContextNames(invocation.surroundings).empty();
  const auto file = WriteContext(plan->context, plan->overwrite, invocation.surroundings);
  if (!file) return Report(invocation, "the context was not written", file.error());
  Note(invocation, "Written: " + file->string());
  if (is_first) {
    const auto used = UseContext(plan->context.name, invocation.surroundings);
    if (!used) return Report(invocation, "the context is not in use", used.error());
  }
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
