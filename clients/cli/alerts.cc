// `mayfly alerts`: what somebody should look at.
#include "clients/cli/render.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;

constexpr int kAlertsMax = 1000;         // the API's own
constexpr size_t kNamesColumnsMax = 40;  // of a table's names
constexpr int64_t kTicksBehindUsual = 5;

// "issuers/issuing-1/certificates/2101.." -> "2101.."
std::string SerialOf(const v1::Alert& alert) {
  return alert.certificate().substr(alert.certificate().rfind('/') + 1);
}

std::string TableOf(const v1::ListAlertsResponse& found, const Invocation& invocation) {
  const TimePoint now = invocation.clock.Now();
  std::vector<std::vector<Cell>> rows;
  for (const v1::Alert& alert : found.alerts()) {
    rows.push_back({AlertKindText(alert.kind()),
                    NamesText(EscapedNames(alert.subject_alt_names()), kNamesColumnsMax),
                    FromNow(TimeOf(alert.since_time()), now),
                    FromNow(TimeOf(alert.not_after_time()), now), Escape(SerialOf(alert), 64),
                    Escape(alert.principal(), 300)});
  }
  return Table({{"ALERT"},
                {"NAMES", 0, 15},
                {"SINCE", 4},
                {"EXPIRES", 3},
                {"SERIAL", 2},
                {"ASKED BY", 5, 12}},
               rows, invocation.console.terminal);
}

Answer AnswerOf(const v1::ListAlertsResponse& found, const Invocation& invocation) {
  Answer answer;
  answer.document = {{"alerts", Json::array()},
                     {"total_size", found.total_size()},
                     {"ticks_behind", found.ticks_behind()}};
  for (const v1::Alert& alert : found.alerts()) {
    answer.document["alerts"].push_back(ToJson(alert));
    answer.names.push_back(alert.certificate());
  }
  answer.lines = answer.document["alerts"];
  answer.table = found.alerts().empty() ? "" : TableOf(found, invocation);
  return answer;
}

Result<v1::ListAlertsResponse> Ask(const Invocation& invocation, int limit) {
  if (limit < 1 || limit > kAlertsMax) return Usage("cli.limit", "--limit goes from 1 to 1000");
  TRY_ASSIGN(const auto client, Connect(invocation));
  return client->Alerts(limit);
}

}  // namespace

ExitCode ListAlerts(const Invocation& invocation, const AlertsOptions& options) {
  const auto found = Ask(invocation, options.limit);
  if (!found) return Report(invocation, "cannot list alerts", found.error());
  Print(invocation, AnswerOf(*found, invocation));
  const auto shown = static_cast<int64_t>(found->alerts_size());
  if (shown == 0) Note(invocation, "There are none.");
  if (shown < found->total_size()) {
    Note(invocation, "There are " + std::to_string(found->total_size()) + " in all.");
  }
  if (found->ticks_behind() > kTicksBehindUsual) {
    Note(invocation, "They are " + std::to_string(found->ticks_behind()) +
                         " s behind the ledger: the server's log says why.");
  }
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
