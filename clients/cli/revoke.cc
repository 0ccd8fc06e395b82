// `mayfly revoke`: for ever, so it asks first.
#include "clients/cli/render.h"
#include "clients/cli/target.h"
#include "clients/cli/verbs.h"

namespace mayfly::cli {
namespace {

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

Result<Answer> AnswerOf(const ca::v1::RevokeCertificateResponse& revoked, TimePoint now) {
  TRY_ASSIGN(const Shown shown, ShownRecord(revoked.certificate()));
  Answer answer = cli::AnswerOf(shown, now);
  answer.document = ToJson(revoked);
  return answer;
}

}  // namespace

ExitCode Revoke(const Invocation& invocation, const RevokeOptions& options) {
  const auto reason = ParseReason(options.reason);
  if (!reason) return Report(invocation, kWhat, reason.error());
  const auto name = ResourceNameOf(options.target, invocation.surroundings.working_folder);
  if (!name) return Report(invocation, kWhat, name.error());
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  if (!options.yes) {
    if (const auto end = Ask(invocation, **client, *name)) return *end;
  }
  const auto revoked = (*client)->Revoke(*name, *reason);
  if (!revoked) return Report(invocation, kWhat, revoked.error());
  const auto answer = AnswerOf(*revoked, invocation.clock.Now());
  if (!answer) return Report(invocation, "revoked, but cannot show it", answer.error());
  Print(invocation, *answer);
  Note(invocation, revoked->already_revoked()
                       ? "It had been revoked before; that revocation stands."
                       : "Revoked, for ever.");
  Note(invocation, "OCSP answers given before may say good until " +
                       TimeText(TimeOf(revoked->good_answers_expire_time())) + ".");
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
