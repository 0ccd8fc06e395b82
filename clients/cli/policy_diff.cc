// `mayfly policy diff`: what a new policy would have said to the last days' requests.
#include <functional>

#include "clients/cli/policy_replay.h"
#include "clients/cli/render.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/files.h"
#include "config/policy_file.h"

namespace mayfly::cli {
namespace {

constexpr int kPageSize = 1000;  // the API's longest
constexpr size_t kProgressEvery = 10'000;
constexpr size_t kNamesColumns = 60;
constexpr Seconds kDay{24 * 3600};

Result<policy::Policy> ReadProposed(const std::string& file) {
  TRY_ASSIGN(const Bytes text, client::ReadFile(file));
  return config::ParsePolicy(AsText(text), file);
}

// Page by page, so that memory holds one page and what changes.
class Reader {
 public:
  Reader(const Invocation& invocation, client::Client& client, int days, Replay& replay)
      : invocation_(invocation),
        client_(client),
        since_(invocation.clock.Now() - days * kDay),
        replay_(replay) {}

  // As far back as a token can have been made that is used within these days.
  Status LookAtTokens() {
    const TimePoint since = since_ - policy::kTokenLifetimeCeiling;
    return ForEachEvent("kind = \"enrolment-token.created\" AND " + CreatedSince(since),
                        [this](const ca::v1::Event& event) { replay_.LookAtToken(event); });
  }

  Status LookAtCertificates() {
    ca::v1::ListCertificatesRequest request;
    request.set_parent("issuers/-");
    request.set_page_size(kPageSize);
    request.set_order_by("create_time desc");
    request.set_filter(CreatedSince(since_));
    do {
      TRY_ASSIGN(const auto page, client_.List(request));
      for (const auto& record : page.certificates()) replay_.Look(record);
      request.set_page_token(page.next_page_token());
      TellProgress();
    } while (!request.page_token().empty());
    return Ok();
  }

  Status LookAtDenials() {
    return ForEachEvent("kind = denial AND " + CreatedSince(since_),
                        [this](const ca::v1::Event& event) { replay_.Look(event); });
  }

 private:
  static std::string CreatedSince(TimePoint time) {
    return "create_time >= \"" + Rfc3339(time) + "\"";
  }

  Status ForEachEvent(const std::string& filter,
                      const std::function<void(const ca::v1::Event&)>& look) {
    ca::v1::ListEventsRequest request;
    request.set_page_size(kPageSize);
    request.set_filter(filter);
    do {
      TRY_ASSIGN(const auto page, client_.Events(request));
      for (const auto& event : page.events()) look(event);
      request.set_page_token(page.next_page_token());
      TellProgress();
    } while (!request.page_token().empty());
    return Ok();
  }

  void TellProgress() {
    if (replay_.looked_at() / kProgressEvery == told_) return;
    told_ = replay_.looked_at() / kProgressEvery;
    Note(invocation_, std::to_string(replay_.looked_at()) + " requests looked at ...");
  }

  const Invocation& invocation_;
  client::Client& client_;
  const TimePoint since_;
  Replay& replay_;
  size_t told_ = 0;
};

std::string IssuerText(const std::string& issuer) {
  return issuer.empty() ? "the first issuer" : Escape(issuer, 64);
}

std::string NamesCell(const std::vector<std::string>& names) {
  return NamesText(EscapedNames(names), kNamesColumns);
}

std::string Why(const ReplayChange& change) {
  std::string why;
  const auto add = [&](const std::string& before, const std::string& after) {
    why += (why.empty() ? "" : ", ") + before + " -> " + after;
  };
  if (change.names_after) add(NamesCell(*change.names_before), NamesCell(*change.names_after));
  if (change.before && change.after && change.before != change.after) {
    add(SpanText(*change.before), SpanText(*change.after));
  }
  if (change.issuer_after) {
    add(IssuerText(*change.issuer_before), IssuerText(*change.issuer_after));
  }
  if (!why.empty()) return why;
  std::string rules;
  for (const std::string& rule : change.rules) rules += (rules.empty() ? "" : ", ") + rule;
  return change.change == Change::kDenied ? "by " + rules : "no more by " + rules;
}

Json DocumentOf(const ReplayChange& change) {
  Json json;
  json["change"] = ChangeText(change.change);
  json["count"] = change.count;
  json["principal"] = change.principal;
  json["profile"] = change.profile;
  json["subject_alt_names"] = change.names;
  json["rules"] = change.rules;
  if (change.before) json["lifetime_before_seconds"] = change.before->count();
  if (change.after) json["lifetime_after_seconds"] = change.after->count();
  if (change.names_before) json["names_before"] = *change.names_before;
  if (change.names_after) json["names_after"] = *change.names_after;
  if (change.issuer_before) json["issuer_before"] = *change.issuer_before;
  if (change.issuer_after) json["issuer_after"] = *change.issuer_after;
  return json;
}

std::string TableOf(const std::vector<ReplayChange>& changes, const Terminal& terminal) {
  std::vector<std::vector<Cell>> rows;
  for (const ReplayChange& change : changes) {
    rows.push_back({ChangeText(change.change), std::to_string(change.count) + " x",
                    NamesCell(change.names), Escape(change.principal, 300),
                    Escape(change.profile, 64), Why(change)});
  }
  return Table({{"CHANGE"},
                {"TIMES"},
                {"NAMES", 0, 15},
                {"ASKED BY", 2, 12},
                {"PROFILE", 3},
                {"WHY", 0, 40}},
               rows, terminal);
}

Answer AnswerOf(const Replay& replay, const Invocation& invocation) {
  Answer answer;
  const std::vector<ReplayChange> changes = replay.changes();
  for (const ReplayChange& change : changes) answer.lines.push_back(DocumentOf(change));
  answer.document["looked_at"] = replay.looked_at();
  answer.document["passed_over"] = replay.passed_over();
  answer.document["denied_by_both"] = replay.denied_by_both();
  answer.document["not_shown"] = replay.not_kept();
  answer.document["changes"] = answer.lines.empty() ? Json::array() : Json(answer.lines);
  if (!changes.empty()) answer.table = TableOf(changes, invocation.console.terminal);
  return answer;
}

std::string SummaryText(const Replay& replay, int64_t version) {
  std::map<Change, size_t> times;
  for (const ReplayChange& change : replay.changes()) times[change.change] += change.count;
  std::string text = "Of " + std::to_string(replay.looked_at()) + " requests, against version " +
                     std::to_string(version) + ": " + std::to_string(times[Change::kDenied]) +
                     " would be denied, " + std::to_string(times[Change::kAllowed]) +
                     " newly allowed, " + std::to_string(times[Change::kLifetime]) +
                     " get another lifetime.";
  if (times[Change::kNames] > 0) {
    text += " " + std::to_string(times[Change::kNames]) + " would get other names.";
  }
  if (times[Change::kIssuer] > 0) {
    text += " " + std::to_string(times[Change::kIssuer]) + " would be signed by another issuer.";
  }
  if (replay.denied_by_both() > 0) {
    text += " " + std::to_string(replay.denied_by_both()) +
            " certificates that were granted are denied by both: the policy in force has changed "
            "since.";
  }
  if (replay.passed_over() > 0) {
    text +=
        " " + std::to_string(replay.passed_over()) +
        " were passed over: the CA's own, and denials that no rule of a policy made (a lint's, a "
        "key's, a block's) or that name nothing.";
  }
  if (replay.not_kept() > 0) {
    text += " Another " + std::to_string(replay.not_kept()) + " change and are not shown.";
  }
  return text;
}

}  // namespace

ExitCode PolicyDiff(const Invocation& invocation, const PolicyDiffOptions& options) {
  constexpr std::string_view kWhat = "nothing was compared";
  if (options.days < 1 || options.days > kPolicyDiffDaysMax) {
    return Report(invocation, kWhat,
                  Usage("cli.days", "--days is 1 to " + std::to_string(kPolicyDiffDaysMax)));
  }
  auto proposed = ReadProposed(options.file);
  if (!proposed) return Report(invocation, kWhat, proposed.error());
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto shown = (*client)->Policy();
  if (!shown) return Report(invocation, kWhat, shown.error());
  auto in_force = config::ParsePolicy(shown->policy_text(), "the policy in force",
                                      policy::PolicyText::kInForce);
  if (!in_force) return Report(invocation, kWhat, in_force.error());
  Replay replay(*std::move(in_force), *std::move(proposed));
  Reader reader(invocation, **client, options.days, replay);
  auto looked = reader.LookAtTokens();
  if (looked) looked = reader.LookAtCertificates();
  if (looked) looked = reader.LookAtDenials();
  if (!looked) return Report(invocation, kWhat, looked.error());
  Print(invocation, AnswerOf(replay, invocation));
  Note(invocation, SummaryText(replay, shown->version()));
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
