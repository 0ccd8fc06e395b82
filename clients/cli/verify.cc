// `mayfly verify`: would a peer believe this certificate? Each question has its own line.
#include "clients/cli/error_text.h"
#include "clients/cli/render.h"
#include "clients/cli/source.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/chain_check.h"
#include "clients/cpp/names.h"
#include "clients/cpp/tls_peer.h"
#include "x509/serial_number.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;

struct Finding {
  std::string question;  // "chain"
  Result<std::string> answer;
};

Result<std::vector<client::CertificateFacts>> Roots(const Invocation& invocation,
                                                    std::string file) {
  if (file.empty()) {
    TRY_ASSIGN(const Values settings, FindSettings(invocation.global, invocation.surroundings));
    file = settings[static_cast<size_t>(Setting::kTrust)].text;
  }
  if (!file.empty()) return client::ReadCertificates(invocation.surroundings.working_folder / file);
  return Usage("cli.roots", "it is not known which roots to trust; give --roots FILE");
}

Result<std::string> AnswerChain(const Shown& shown,
                                const std::vector<client::CertificateFacts>& roots) {
  client::ChainQuestion question{{shown.facts}, roots};
  question.shown.insert(question.shown.end(), shown.chain.begin(), shown.chain.end());
  TRY_ASSIGN(const auto path, client::CheckChain(question));
  std::string text;
  for (const std::string& step : path) text += (text.empty() ? "" : " <- ") + step;
  return text;
}

Result<std::string> AnswerDates(const Shown& shown, TimePoint now) {
  TRY(client::CheckDates(shown.facts, now));
  for (const auto& other : shown.chain) TRY(client::CheckDates(other, now));
  return "expires " + FromNow(shown.facts.not_after, now) + ": " + TimeText(shown.facts.not_after);
}

Result<std::string> AnswerName(const Shown& shown, const x509::GeneralName& name) {
  TRY(client::CheckName(shown.facts, name));
  return "holds for " + name.ToString();
}

Result<std::string> AnswerState(const Invocation& invocation, const Shown& shown) {
  TRY_ASSIGN(const auto serial, x509::SerialNumber::FromHex(shown.facts.serial));
  TRY_ASSIGN(const auto client, Connect(invocation));
  TRY_ASSIGN(const v1::Certificate record, client->Get(client::AnyIssuerName(serial)));
  if (record.state() == v1::Certificate::STATE_ACTIVE) return std::string("active, says the CA");
  return Fail(ErrorCode::kInvalidArgument, "verify.state",
              "the CA says it is " + StateText(record.state()));
}

// The ledger has the certificate alone. What completes its chain comes from the CA too; whether to
// believe it is the roots' matter.
Result<Shown> WithChain(const Invocation& invocation, Shown shown) {
  if (!shown.record) return shown;
  TRY_ASSIGN(const auto client, Connect(invocation));
  TRY_ASSIGN(const v1::TrustBundle bundle, client->TrustBundle());
  for (const std::string& der : bundle.issuing_certificates_der()) {
    TRY_ASSIGN(client::CertificateFacts issuing, client::ReadFacts(AsBytes(der)));
    if (issuing.subject == shown.facts.issuer) shown.chain.push_back(std::move(issuing));
  }
  return shown;
}

// The host of https://HOST, unless others are asked for.
Result<x509::GeneralNames> NamesToCheck(const VerifyOptions& options) {
  std::vector<std::string> texts = options.names;
  if (texts.empty() && options.target.starts_with("https://")) {
    TRY_ASSIGN(const client::HttpsTarget server, client::ParseHttps(options.target));
    texts.push_back(server.host);
  }
  auto names = client::ParseNames(texts);
  if (names) return names;
  return Usage("cli.names", "--name: " + names.error().message);
}

Result<std::vector<Finding>> Check(const Invocation& invocation, const VerifyOptions& options) {
  TRY_ASSIGN(const x509::GeneralNames names, NamesToCheck(options));
  TRY_ASSIGN(const auto roots, Roots(invocation, options.roots));
  TRY_ASSIGN(Shown obtained, Obtain(invocation, options.target));
  TRY_ASSIGN(const Shown shown, WithChain(invocation, std::move(obtained)));
  std::vector<Finding> findings{{"chain", AnswerChain(shown, roots)},
                                {"dates", AnswerDates(shown, invocation.clock.Now())}};
  for (const auto& name : names) findings.push_back({"name", AnswerName(shown, name)});
  if (options.online) findings.push_back({"state", AnswerState(invocation, shown)});
  return findings;
}

// A chain has no end that could be cut off; on a terminal it is broken into lines instead.
std::string Broken(const std::string& text, const Terminal& terminal) {
  constexpr size_t kBefore = 15;  // columns of CHECK and RESULT
  return terminal.columns ? Wrap(text, kBefore, kBefore) : text;
}

Answer AnswerOf(const std::vector<Finding>& findings, const Terminal& terminal) {
  constexpr char kRed[] = "31", kGreen[] = "32";
  std::vector<std::vector<Cell>> rows;
  Json checks = Json::array();
  bool good = true;
  for (const auto& [question, answer] : findings) {
    const bool ok = answer.has_value();
    const std::string text = ok ? *answer : answer.error().message;
    rows.push_back({question, {ok ? "ok" : "FAILED", ok ? kGreen : kRed}, Broken(text, terminal)});
    checks.push_back({{"check", question}, {"ok", ok}, {"detail", text}});
    good = good && ok;
  }
  return {.table = Table({{"CHECK"}, {"RESULT"}, {"DETAIL"}}, rows, terminal),
          .document = {{"verified", good}, {"checks", checks}},
          .lines = checks};
}

}  // namespace

ExitCode Verify(const Invocation& invocation, const VerifyOptions& options) {
  const auto findings = Check(invocation, options);
  if (!findings) return Report(invocation, "nothing was verified", findings.error());
  Print(invocation, AnswerOf(*findings, invocation.console.terminal));
  ExitCode code = ExitCode::kOk;
  for (const auto& [question, answer] : *findings) {
    if (answer) continue;
    const ExitCode failed = Report(invocation, "do not trust it", answer.error());
    if (code == ExitCode::kOk) code = failed;
  }
  return code;
}

}  // namespace mayfly::cli
