// `mayfly list` and `mayfly status`: what there is, and what expires next.
#include <algorithm>
#include <array>
#include <limits>
#include <regex>
#include <sstream>

#include "clients/cli/render.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"
#include "config/near_miss.h"
#include "config/strict_toml.h"
#include "x509/certificate.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;
using State = v1::Certificate::State;

constexpr int kPageMax = 1000;           // the API's own
constexpr int kCountedMax = 100'000;     // of one state, by `status`
constexpr int kStatusRows = 5;           // of each of its two tables
constexpr size_t kNamesColumnsMax = 60;  // of a table's names
constexpr std::array kStates = {v1::Certificate::STATE_ACTIVE, v1::Certificate::STATE_EXPIRED,
                                v1::Certificate::STATE_REVOKED, v1::Certificate::STATE_INTENT,
                                v1::Certificate::STATE_ABANDONED};

// What a filter may want beside the user's own text.
struct Wanted {
  std::optional<State> state;
  std::optional<TimePoint> expires_before;
  std::string filter;
  std::string order;
};

struct Found {
  std::vector<v1::Certificate> certificates;
  bool more = false;  // than were asked for
};

std::string FilterText(const Wanted& wanted) {
  std::string out;
  const auto add = [&](const std::string& condition) {
    out += (out.empty() ? "" : " AND ") + condition;
  };
  if (wanted.state) {
    add("state = " + v1::Certificate::State_Name(*wanted.state).substr(std::size("STATE_") - 1));
  }
  if (wanted.expires_before) add("not_after_time < \"" + Rfc3339(*wanted.expires_before) + "\"");
  if (!wanted.filter.empty()) add(wanted.filter);
  return out;
}

// Pages until there are `limit` or no more.
Result<Found> Find(client::Client& client, const Wanted& wanted, int limit) {
  v1::ListCertificatesRequest request;
  request.set_parent("issuers/-");
  request.set_filter(FilterText(wanted));
  request.set_order_by(wanted.order);
  Found found;
  do {
    const int missing = limit - static_cast<int>(found.certificates.size());
    request.set_page_size(std::min(missing, kPageMax));
    TRY_ASSIGN(v1::ListCertificatesResponse page, client.List(request));
    for (auto& each : *page.mutable_certificates()) found.certificates.push_back(std::move(each));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && static_cast<int>(found.certificates.size()) < limit);
  found.more = !request.page_token().empty();
  return found;
}

Result<std::optional<State>> ReadState(const std::string& text) {
  if (text == "all") return std::optional<State>();
  std::vector<std::string> names{"all"};
  std::string all = "all";
  for (const State state : kStates) {
    names.push_back(StateText(state));
    if (names.back() == text) return std::optional(state);
    all += ", " + names.back();
  }
  return Usage("cli.state", "--state \"" + Escape(text, 40) + "\" is no state" +
                                config::DidYouMean(text, names) + "; there are " + all);
}

Result<Wanted> WantedBy(const Invocation& invocation, const ListOptions& options) {
  Wanted wanted{.filter = options.filter};
  TRY_ASSIGN(wanted.state, ReadState(options.state));
  // A filter that speaks of the state itself is not narrowed by a default that nobody typed.
  static const std::regex kSpeaksOfState("(^| )state *=");
  if (options.state == ListOptions().state && std::regex_search(options.filter, kSpeaksOfState)) {
    wanted.state.reset();
  }
  if (options.expires_within.empty()) return wanted;
  const auto span = config::ParseDuration(options.expires_within);
  if (!span) {
    return Usage("cli.expires-within", "--expires-within \"" + Escape(options.expires_within, 40) +
                                           "\" is not like 90m, 24h or 30d");
  }
  wanted.expires_before = invocation.clock.Now() + *span;
  return wanted;
}

// "in 5 days 11 h" -> "in 5 days", "2 days 3 h ago" -> "2 days ago": a table has the time too.
std::string Briefly(const std::string& span) {
  std::vector<std::string> words;
  std::istringstream text(span);
  for (std::string word; text >> word;) words.push_back(word);
  const size_t first = span.starts_with("in ") ? 1 : 0;
  if (words.size() >= first + 4) {
    words.erase(words.begin() + static_cast<ptrdiff_t>(first) + 2,
                words.begin() + static_cast<ptrdiff_t>(first) + 4);
  }
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// What stands for a certificate without names, such as an OCSP responder's.
std::string SubjectOf(const v1::Certificate& certificate) {
  const auto facts = client::ReadFacts(AsBytes(certificate.certificate_der()));
  return facts ? facts->subject : "(no names)";
}

std::string TableOf(const std::vector<v1::Certificate>& certificates,
                    const Invocation& invocation) {
  const TimePoint now = invocation.clock.Now();
  std::vector<std::vector<Cell>> rows;
  for (const v1::Certificate& each : certificates) {
    std::vector<std::string> names = EscapedNames(each.subject_alt_names());
    if (names.empty()) names.push_back(SubjectOf(each));
    const TimePoint expires = TimeOf(each.not_after_time());
    rows.push_back({NamesText(names, kNamesColumnsMax),
                    {StateText(each.state()), StateColor(each.state())},
                    Briefly(FromNow(expires, now)),
                    Escape(each.serial_number(), 64),
                    Escape(each.profile(), 64),
                    TimeText(expires),
                    Escape(each.principal(), 300)});
  }
  return Table({{"NAMES", 0, 15},
                {"STATE", 4},
                {"EXPIRES"},
                {"SERIAL"},
                {"PROFILE", 5},
                {"NOT AFTER", 6},
                {"ASKED BY", 7, 12}},
               rows, invocation.console.terminal);
}

Answer ListAnswer(const Found& found, const Invocation& invocation) {
  Answer answer;
  Json certificates = Json::array();
  for (const v1::Certificate& each : found.certificates) {
    certificates.push_back(ToJson(each));
    answer.names.push_back(each.name());
    if (!each.certificate_der().empty()) {
      answer.pem += x509::ToPem("CERTIFICATE", AsBytes(each.certificate_der()));
    }
  }
  answer.lines = certificates;
  answer.document["certificates"] = std::move(certificates);
  answer.table = found.certificates.empty() ? "" : TableOf(found.certificates, invocation);
  return answer;
}

struct Overview {
  std::vector<std::pair<State, Found>> by_state;
  std::vector<v1::Certificate> next, last_expired;
};

Result<Overview> Look(const Invocation& invocation) {
  TRY_ASSIGN(const auto client, Connect(invocation));
  Overview overview;
  for (const State state : kStates) {
    TRY_ASSIGN(Found found, Find(*client, {.state = state}, kCountedMax));
    overview.by_state.emplace_back(state, std::move(found));
  }
  const auto& active = overview.by_state[0].second.certificates;
  const auto& expired = overview.by_state[1].second.certificates;
  const auto some = [](const auto& list) { return std::min<size_t>(list.size(), kStatusRows); };
  overview.next.assign(active.begin(), active.begin() + some(active));
  overview.last_expired.assign(expired.rbegin(), expired.rbegin() + some(expired));
  return overview;
}

Json DocumentOf(const std::vector<v1::Certificate>& certificates) {
  Json list = Json::array();
  for (const v1::Certificate& each : certificates) list.push_back(ToJson(each));
  return list;
}

Answer StatusAnswer(const Overview& overview, const Invocation& invocation) {
  Answer answer;
  for (const auto& [state, found] : overview.by_state) {
    const size_t n = found.certificates.size();
    answer.document["counts"][StateText(state)] = n;
    if (found.more) answer.document["more_than_counted"].push_back(StateText(state));
    answer.table += Line(StateText(state), std::to_string(n) + (found.more ? " and more" : ""));
  }
  answer.document["expiring_next"] = DocumentOf(overview.next);
  answer.document["expired_last"] = DocumentOf(overview.last_expired);
  if (!overview.next.empty()) {
    answer.table += "\nExpiring next:\n" + TableOf(overview.next, invocation);
  }
  if (!overview.last_expired.empty()) {
    answer.table += "\nExpired last:\n" + TableOf(overview.last_expired, invocation);
  }
  return answer;
}

}  // namespace

ExitCode List(const Invocation& invocation, const ListOptions& options) {
  constexpr std::string_view kWhat = "cannot list certificates";
  const auto wanted = WantedBy(invocation, options);
  if (options.limit < 0) {
    return Report(invocation, kWhat, Usage("cli.limit", "--limit is 0 (all) or more"));
  }
  if (!wanted) return Report(invocation, kWhat, wanted.error());
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const int limit = options.limit > 0 ? options.limit : std::numeric_limits<int>::max();
  const auto found = Find(**client, *wanted, limit);
  if (!found) return Report(invocation, kWhat, found.error());
  Print(invocation, ListAnswer(*found, invocation));
  if (found->certificates.empty()) Note(invocation, "There are none.");
  if (found->more) Note(invocation, "There may be more: --limit 0 shows all.");
  return ExitCode::kOk;
}

ExitCode ShowStatus(const Invocation& invocation) {
  const auto overview = Look(invocation);
  if (!overview) return Report(invocation, "cannot give an overview", overview.error());
  Print(invocation, StatusAnswer(*overview, invocation));
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
