// `mayfly token ...`: enrolment tokens, with which others get their first certificate.
#include "clients/cli/render.h"
#include "clients/cli/resource_id.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/certificate_facts.h"
#include "clients/cpp/files.h"

namespace mayfly::cli {
namespace {

constexpr size_t kNamesColumns = 40;
constexpr int kTokenUsesMax = 1000;  // as the API says

std::string NamesOf(const ca::v1::EnrolmentToken& token) {
  return NamesText(EscapedNames(token.subject_alt_names()), kNamesColumns);
}

Result<ca::v1::CreateEnrolmentTokenRequest> MakeRequest(const TokenOptions& options) {
  if (options.uses < 1 || options.uses > kTokenUsesMax) {
    return Usage("cli.uses", "--uses is from 1 to " + std::to_string(kTokenUsesMax));
  }
  ca::v1::CreateEnrolmentTokenRequest request;
  request.set_profile(options.profile);
  request.set_uses_max(options.uses);
  TRY_ASSIGN(const auto lifetime, ReadLifetime(options.lifetime));
  if (lifetime) request.mutable_lifetime()->set_seconds(lifetime->count());
  TRY_ASSIGN(const auto names, ReadNames(options.names));
  for (const x509::GeneralName& name : names) request.add_subject_alt_names(name.ToString());
  return request;
}

Answer AnswerOfToken(const ca::v1::CreateEnrolmentTokenResponse& made, bool is_in_file,
                     TimePoint now) {
  const ca::v1::EnrolmentToken& token = made.enrolment_token();
  Answer answer;
  answer.document = ToJson(made);
  answer.names = {token.name()};
  answer.table = Line("id", IdOf(kTokenKind, token.name())) + Line("profile", token.profile()) +
                 Line("names", NamesOf(token)) + Line("uses", std::to_string(token.uses_max())) +
                 Line("expires", TimeText(TimeOf(token.expire_time())) + ", " +
                                     FromNow(TimeOf(token.expire_time()), now));
  if (is_in_file) {
    answer.document.erase("token");
  } else {
    answer.table += Line("token", made.token());
  }
  return answer;
}

// Whom the holder asks, and what they compare: the roots that this client itself believes.
std::string BootstrapCommand(const Invocation& invocation, const TokenOptions& options) {
  const auto values = FindSettings(invocation.global, invocation.surroundings);
  if (!values) return "";
  const auto text = [&](Setting setting) { return (*values)[static_cast<size_t>(setting)].text; };
  const auto roots = client::ReadCertificates(text(Setting::kTrust));
  if (!roots) return "";
  std::string command = "  mayfly bootstrap --server " + text(Setting::kServer);
  if (!text(Setting::kEnrolmentServer).empty()) {
    command += " --enrolment-server " + text(Setting::kEnrolmentServer);
  }
  command += " \\\n      --fingerprint " + roots->front().sha256 +
             " \\\n      --token-file FILE --profile " + options.profile;
  for (const std::string& name : options.names) command += " " + name;
  return command + "\n";
}

Cell StateOf(const ca::v1::EnrolmentToken& token) {
  if (token.revoked()) return {"revoked", "31"};
  if (token.use_count() >= token.uses_max()) return {"spent"};
  return {"good"};
}

Answer AnswerOfList(const ca::v1::ListEnrolmentTokensResponse& list, TimePoint now,
                    const Terminal& terminal) {
  std::vector<std::vector<Cell>> rows;
  Answer answer;
  answer.document = ToJson(list);
  for (const ca::v1::EnrolmentToken& token : list.enrolment_tokens()) {
    rows.push_back({IdOf(kTokenKind, token.name()), StateOf(token), token.profile(), NamesOf(token),
                    std::to_string(token.use_count()) + "/" + std::to_string(token.uses_max()),
                    FromNow(TimeOf(token.expire_time()), now), token.principal()});
    answer.lines.push_back(ToJson(token));
    answer.names.push_back(token.name());
  }
  answer.table = Table({{"ID"},
                        {"STATE"},
                        {"PROFILE", 2},
                        {"NAMES", 0, 30},
                        {"USED", 3},
                        {"EXPIRES"},
                        {"MADE BY", 1, 30}},
                       rows, terminal);
  return answer;
}

}  // namespace

ExitCode TokenCreate(const Invocation& invocation, const TokenOptions& options) {
  constexpr std::string_view kWhat = "no token was made";
  const auto request = MakeRequest(options);
  if (!request) return Report(invocation, kWhat, request.error());
  const std::filesystem::path file = invocation.surroundings.working_folder / options.out;
  const auto existing = options.force ? client::Existing::kReplace : client::Existing::kKeep;
  if (!options.out.empty()) {
    const auto place = client::CheckPlaces({file}, existing);
    if (!place) return Report(invocation, kWhat, place.error());
  }
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto made = (*client)->CreateToken(*request);
  if (!made) return Report(invocation, kWhat, made.error());
  if (!options.out.empty()) {
    const auto written =
        client::WriteFileAtomically(file, AsBytes(made->token()), client::kPrivateMode, existing);
    if (!written) {
      return Report(invocation, "the token was made and not written; make another",
                    written.error());
    }
  }
  Print(invocation, AnswerOfToken(*made, !options.out.empty(), invocation.clock.Now()));
  invocation.console.err << (options.out.empty()
                                 ? "It is not shown again. Give it, in a file, to who enrols:\n"
                                 : "Token:       " + options.out +
                                       " (mode 0600), for who enrols:\n")
                         << BootstrapCommand(invocation, options);
  return ExitCode::kOk;
}

ExitCode TokenList(const Invocation& invocation) {
  constexpr std::string_view kWhat = "cannot list the tokens";
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto list = (*client)->Tokens();
  if (!list) return Report(invocation, kWhat, list.error());
  Print(invocation, AnswerOfList(*list, invocation.clock.Now(), invocation.console.terminal));
  return ExitCode::kOk;
}

ExitCode TokenRevoke(const Invocation& invocation, const TokenRevokeOptions& options) {
  constexpr std::string_view kWhat = "nothing was revoked";
  const auto name = NameOf(kTokenKind, options.id);
  if (!name) return Report(invocation, kWhat, name.error());
  if (!options.yes) {
    const auto end = Confirm(invocation, "Revoke the token " + options.id + "?", kWhat);
    if (end) return *end;
  }
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto revoked = (*client)->RevokeToken(*name);
  if (!revoked) return Report(invocation, kWhat, revoked.error());
  Note(invocation, "Revoked: " + *name + ". Certificates that it gave stay good.");
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
