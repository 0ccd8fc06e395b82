// `mayfly revoke`: for ever, so it asks first.
#include "clients/cli/proposals.h"
#include "clients/cli/render.h"
#include "clients/cli/target.h"
#include "clients/cli/verbs.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;

constexpr std::string_view kWhat = "nothing was revoked";
constexpr size_t kQuestionColumns = 200;

// Nothing: go on.
std::optional<ExitCode> Ask(const Invocation& invocation, client::Client& client,
                            const std::string& name) {
  auto record = client.Get(name);
  if (!record) return Report(invocation, kWhat, record.error());
  const auto shown = ShownRecord(*std::move(record));
  if (!shown) return Report(invocation, kWhat, shown.error());
  return Confirm(invocation,
                 "Revoke " + shown->facts.serial + " (" +
                     NamesText(shown->facts.names, kQuestionColumns) + ")? This is for ever.",
                 kWhat);
}

void NoteAnswersBefore(const Invocation& invocation, const google::protobuf::Timestamp& until) {
  Note(invocation, "OCSP answers given before may say good until " + TimeText(TimeOf(until)) + ".");
}

Result<Answer> AnswerOf(const v1::RevokeCertificateResponse& revoked, TimePoint now) {
  TRY_ASSIGN(const Shown shown, ShownRecord(revoked.certificate()));
  Answer answer = cli::AnswerOf(shown, now);
  answer.document = ToJson(revoked);
  return answer;
}

ExitCode RevokeOne(const Invocation& invocation, const std::string& name,
                   v1::RevocationReason reason, const RevokeOptions& options) {
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  if (!options.yes) {
    if (const auto end = Ask(invocation, **client, name)) return *end;
  }
  const auto revoked = (*client)->Revoke(name, reason);
  if (!revoked) return Report(invocation, kWhat, revoked.error());
  const auto answer = AnswerOf(*revoked, invocation.clock.Now());
  if (!answer) return Report(invocation, "revoked, but cannot show it", answer.error());
  Print(invocation, *answer);
  Note(invocation, revoked->already_revoked()
                       ? "It had been revoked before; that revocation stands."
                       : "Revoked, for ever.");
  NoteAnswersBefore(invocation, revoked->good_answers_expire_time());
  return ExitCode::kOk;
}

Answer AnswerOf(const v1::BatchRevokeCertificatesResponse& revoked) {
  Answer answer;
  answer.document = ToJson(revoked);
  for (const v1::CertificateRevocation& each : revoked.revocations()) {
    answer.lines.push_back(ToJson(each));
    answer.names.push_back(each.name());
    answer.table += Escape(each.name()) + (each.already_revoked() ? "  (before)" : "") + "\n";
  }
  return answer;
}

ExitCode RevokeMany(const Invocation& invocation, const std::vector<std::string>& names,
                    v1::RevocationReason reason, const RevokeOptions& options) {
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  if (!options.yes) {
    const auto lines = CertificatesText(**client, names);
    if (!lines) return Report(invocation, kWhat, lines.error());
    Tell(invocation, *lines);
    if (const auto end = Confirm(invocation, "Revoke them? This is for ever.", kWhat)) return *end;
  }
  v1::BatchRevokeCertificatesRequest request;
  for (const std::string& name : names) request.add_names(name);
  request.set_reason(reason);
  const auto revoked = (*client)->RevokeAll(request);
  if (!revoked) return Report(invocation, kWhat, revoked.error());
  Print(invocation, AnswerOf(*revoked));
  Note(invocation, "Revoked, for ever.");
  NoteAnswersBefore(invocation, revoked->good_answers_expire_time());
  return ExitCode::kOk;
}

ExitCode Propose(const Invocation& invocation, const std::vector<std::string>& names,
                 v1::RevocationReason reason) {
  constexpr std::string_view kNotProposed = "nothing was proposed";
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kNotProposed, client.error());
  v1::CreateProposalRequest request;
  for (const std::string& name : names) request.mutable_mass_revocation()->add_certificates(name);
  request.mutable_mass_revocation()->set_reason(reason);
  const auto proposal = (*client)->Propose(request);
  if (!proposal) return Report(invocation, kNotProposed, proposal.error());
  return PrintProposed(invocation, *proposal);
}

}  // namespace

ExitCode Revoke(const Invocation& invocation, const RevokeOptions& options) {
  const auto reason = ParseReason(options.reason);
  if (!reason) return Report(invocation, kWhat, reason.error());
  std::vector<std::string> names;
  for (const std::string& target : options.targets) {
    auto name = ResourceNameOf(target, invocation.surroundings.working_folder);
    if (!name) return Report(invocation, kWhat, name.error());
    names.push_back(*std::move(name));
  }
  if (options.propose) return Propose(invocation, names, *reason);
  if (names.size() == 1) return RevokeOne(invocation, names.front(), *reason, options);
  return RevokeMany(invocation, names, *reason, options);
}

}  // namespace mayfly::cli
