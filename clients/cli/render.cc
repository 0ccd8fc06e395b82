#include "clients/cli/render.h"

#include <algorithm>
#include <cctype>
#include <ctime>

#include "base/bytes.h"
#include "clients/cli/error_text.h"
#include "config/near_miss.h"
#include "policy/placeholder.h"
#include "x509/certificate.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;
constexpr std::string_view kReasonPrefix = "REVOCATION_REASON_";
constexpr std::string_view kStatePrefix = "STATE_";
constexpr std::string_view kAlertPrefix = "KIND_";
constexpr size_t kNameBytesMax = 2100;  // a URI of 2048 and its prefix

std::string Kebab(std::string_view upper_snake) {
  std::string out;
  for (const unsigned char c : upper_snake) {
    out += c == '_' ? '-' : static_cast<char>(std::tolower(c));
  }
  return out;
}

std::string TimeLine(TimePoint when, TimePoint now) {
  return FromNow(when, now) + ": " + TimeText(when);
}

// What people call it: the kind is plain to see for DNS names and addresses.
std::string BareName(const std::string& name) {
  for (const std::string_view prefix : {"DNS:", "IP:", "URI:"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

std::string IssuerText(const client::CertificateFacts& facts) {
  return facts.issuer_common_name.empty() ? facts.issuer : facts.issuer_common_name;
}

// Three lines at most: where the certificate stands, as the CA says.
std::string StateLines(const v1::Certificate& record, TimePoint now) {
  std::string state = StateText(record.state());
  if (record.has_revocation()) {
    state += " " + FromNow(TimeOf(record.revocation().revoke_time()), now) + ", " +
             ReasonText(record.revocation().reason());
  }
  const policy::Claims claims(record.claims().begin(), record.claims().end());
  const std::string proved = policy::ClaimsText(claims);
  return Line("state", state) +
         Line("profile", Escape(record.profile()) + ", asked for by " +
                             Escape(record.principal(), kNameBytesMax)) +
         (proved.empty() ? "" : Line("claims", proved));
}

bool IsRenewable(const Shown& shown, TimePoint now) {
  if (shown.record && shown.record->state() != v1::Certificate::STATE_ACTIVE) return false;
  return now <= shown.facts.not_after && !shown.facts.is_ca;
}

TimePoint RenewTime(const Shown& shown) {
  return shown.record && shown.record->has_renewal_window()
             ? TimeOf(shown.record->renewal_window().start_time())
             : RenewFrom(shown.facts);
}

std::string ChainText(const Shown& shown) {
  if (shown.chain.empty()) return "nothing else came with it";
  const size_t n = shown.chain.size();
  return std::to_string(n) + (n == 1 ? " more certificate: " : " more certificates: ") +
         shown.chain.front().subject + (n == 1 ? "" : " ...");
}

std::string ExtensionText(const client::ExtensionFacts& extension) {
  std::string out = extension.name + (extension.critical ? ", critical\n" : "\n");
  for (std::string_view text = extension.text; !text.empty();) {
    const size_t end = text.find('\n');
    out += "    " + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string RecordLines(const v1::Certificate& record) {
  return Line("resource", Escape(record.name())) +
         Line("lineage",
              Escape(record.lineage()) + ", generation " + std::to_string(record.generation())) +
         Line("policy", "version " + std::to_string(record.policy_version())) +
         Line("recorded", TimeText(TimeOf(record.create_time())));
}

}  // namespace

std::string Line(std::string_view label, const std::string& value) {
  std::string line(label);
  line.resize(std::max(kLabelColumns, line.size() + 1), ' ');
  return line + value + "\n";
}

std::string TimeText(TimePoint when) {
  const auto time =
      static_cast<std::time_t>(std::chrono::floor<Seconds>(when.time_since_epoch()).count());
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string Rfc3339(TimePoint when) {
  std::string text = TimeText(when).substr(0, std::size("2026-03-01 12:00:00") - 1) + "Z";
  text[text.find(' ')] = 'T';
  return text;
}

std::string SpanText(Seconds span) {
  const int64_t s = span.count();
  const auto two = [](int64_t a, const char* unit, int64_t b, const char* smaller) {
    std::string out = std::to_string(a) + unit;
    if (b != 0) out += " " + std::to_string(b) + smaller;
    return out;
  };
  if (s >= 2 * 86400) return two(s / 86400, " days", s % 86400 / 3600, " h");
  if (s >= 3600) return two(s / 3600, " h", s % 3600 / 60, " min");
  if (s >= 60) return two(s / 60, " min", s % 60, " s");
  return std::to_string(s) + " s";
}

std::string FromNow(TimePoint when, TimePoint now) {
  const Seconds span = std::chrono::floor<Seconds>(when.time_since_epoch()) -
                       std::chrono::floor<Seconds>(now.time_since_epoch());
  if (span == Seconds(0)) return "now";
  return span > Seconds(0) ? "in " + SpanText(span) : SpanText(-span) + " ago";
}

TimePoint TimeOf(const google::protobuf::Timestamp& time) {
  return TimePoint(Seconds(time.seconds()));
}

Result<Shown> ShownRecord(v1::Certificate record) {
  client::CertificateFacts facts{.serial = Escape(record.serial_number()),
                                 .not_before = TimeOf(record.not_before_time()),
                                 .not_after = TimeOf(record.not_after_time()),
                                 .key = "not signed yet"};
  for (const std::string& name : record.subject_alt_names()) {
    facts.names.push_back(Escape(name, kNameBytesMax));
  }
  if (!record.certificate_der().empty()) {
    TRY_ASSIGN(facts, client::ReadFacts(AsBytes(record.certificate_der())));
  }
  return Shown{std::move(facts), std::move(record)};
}

v1::Certificate RecordOf(const client::CertificateFacts& facts) {
  v1::Certificate record;
  record.set_certificate_der(ToString(facts.der));
  record.set_serial_number(facts.serial);
  for (const std::string& name : facts.names) record.add_subject_alt_names(name);
  const auto seconds = [](TimePoint when) {
    return std::chrono::floor<Seconds>(when.time_since_epoch()).count();
  };
  record.mutable_not_before_time()->set_seconds(seconds(facts.not_before));
  record.mutable_not_after_time()->set_seconds(seconds(facts.not_after));
  record.set_sha256_fingerprint(facts.sha256);
  return record;
}

TimePoint RenewFrom(const client::CertificateFacts& facts) {
  const auto life = std::chrono::floor<Seconds>(facts.not_after - facts.not_before) + Seconds(1);
  return facts.not_before + life * 2 / 3;
}

std::string NamesText(const std::vector<std::string>& names, size_t columns) {
  constexpr size_t kAndMoreColumns = 13;  // " and 100 more"
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = BareName(names[i]);
    const size_t room = i + 1 == names.size() ? 0 : kAndMoreColumns;
    if (i > 0 && out.size() + 2 + name.size() + room > columns) {
      return out + " and " + std::to_string(names.size() - i) + " more";
    }
    out += (i == 0 ? "" : ", ") + name;
  }
  return out;
}

std::string SummaryText(const Shown& shown, TimePoint now) {
  const client::CertificateFacts& facts = shown.facts;
  std::string out = facts.names.empty()
                        ? Line("subject", facts.subject.empty() ? "(empty)" : facts.subject)
                        : Line("names", NamesText(facts.names, kColumns - kLabelColumns));
  out += Line("serial", facts.serial);
  if (shown.record) out += StateLines(*shown.record, now);
  out += Line(now > facts.not_after ? "expired" : "expires", TimeLine(facts.not_after, now));
  if (IsRenewable(shown, now)) out += Line("renew", TimeLine(RenewTime(shown), now));
  if (!facts.issuer.empty()) out += Line("issuer", IssuerText(facts));
  out += Line("key", facts.key);
  if (!shown.record) out += Line("sha256", facts.sha256) + Line("chain", ChainText(shown));
  return out;
}

std::string FullText(const Shown& shown, TimePoint now) {
  const client::CertificateFacts& facts = shown.facts;
  std::string out;
  for (const std::string& name : facts.names) out += Line("name", name);
  out += Line("subject", facts.subject.empty() ? "(empty)" : facts.subject);
  out += Line("serial", facts.serial);
  if (shown.record) out += StateLines(*shown.record, now);
  out += Line("not before", TimeText(facts.not_before));
  out += Line("not after", TimeText(facts.not_after) + ", " + FromNow(facts.not_after, now));
  if (IsRenewable(shown, now)) out += Line("renew", TimeLine(RenewTime(shown), now));
  out += Line("issuer", facts.issuer) + Line("key", facts.key);
  out += Line("signed with", facts.signature) + Line("sha256", facts.sha256);
  if (shown.record) out += RecordLines(*shown.record);
  for (const auto& extension : facts.extensions) out += ExtensionText(extension);
  for (const auto& other : shown.chain) {
    out += "\nWith it came:\n" + SummaryText({other}, now);
  }
  return out;
}

std::string StateText(v1::Certificate::State state) {
  const std::string& name = v1::Certificate::State_Name(state);
  if (name.empty()) return "unknown to this program";
  return Kebab(std::string_view(name).substr(kStatePrefix.size()));
}

std::string AlertKindText(v1::Alert::Kind kind) {
  const std::string& name = v1::Alert::Kind_Name(kind);
  if (name.empty()) return "unknown to this program";
  return Kebab(std::string_view(name).substr(kAlertPrefix.size()));
}

std::string StateColor(v1::Certificate::State state) {
  constexpr char kRed[] = "31", kYellow[] = "33";
  switch (state) {
    case v1::Certificate::STATE_REVOKED:
    case v1::Certificate::STATE_EXPIRED:
      return kRed;
    case v1::Certificate::STATE_INTENT:
    case v1::Certificate::STATE_ABANDONED:
      return kYellow;
    default:
      return "";
  }
}

Answer AnswerOf(const Shown& shown, TimePoint now) {
  const v1::Certificate record = shown.record.value_or(RecordOf(shown.facts));
  Answer answer{.table = SummaryText(shown, now), .document = ToJson(record)};
  answer.names = {record.name().empty() ? shown.facts.serial : record.name()};
  if (!shown.facts.der.empty()) answer.pem = x509::ToPem("CERTIFICATE", shown.facts.der);
  for (const auto& other : shown.chain) answer.pem += x509::ToPem("CERTIFICATE", other.der);
  return answer;
}

namespace {

template <class Response>
std::string ChainPemOf(const Response& issued) {
  std::string pem = x509::ToPem("CERTIFICATE", AsBytes(issued.certificate().certificate_der()));
  for (const std::string& der : issued.issuer_chain_der()) {
    pem += x509::ToPem("CERTIFICATE", AsBytes(der));
  }
  return pem;
}

}  // namespace

std::string ChainPem(const v1::IssueCertificateResponse& issued) { return ChainPemOf(issued); }
std::string ChainPem(const v1::RenewCertificateResponse& renewed) { return ChainPemOf(renewed); }
std::string ChainPem(const v1::RenewExpiredCertificateResponse& renewed) {
  return ChainPemOf(renewed);
}

Result<v1::RevocationReason> ParseReason(std::string_view text) {
  std::vector<std::string> names;
  std::string all;
  const auto* reasons = v1::RevocationReason_descriptor();
  for (int i = 0; i < reasons->value_count(); ++i) {
    names.push_back(Kebab(reasons->value(i)->name().substr(kReasonPrefix.size())));
    if (names.back() == text) return static_cast<v1::RevocationReason>(reasons->value(i)->number());
    all += (i == 0 ? "" : ", ") + names.back();
  }
  return Fail(ErrorCode::kInvalidArgument, "cli.reason",
              "\"" + Escape(text) + "\" is no reason" + config::DidYouMean(text, names) +
                  "; there are " + all);
}

std::string ReasonText(v1::RevocationReason reason) {
  const std::string& name = v1::RevocationReason_Name(reason);
  return name.empty() ? "for a reason unknown to this program"
                      : Kebab(std::string_view(name).substr(kReasonPrefix.size()));
}

std::string ReasonList() {
  std::string all;
  const auto* reasons = v1::RevocationReason_descriptor();
  for (int i = 0; i < reasons->value_count(); ++i) {
    all += (i == 0 ? "" : "|") + Kebab(reasons->value(i)->name().substr(kReasonPrefix.size()));
  }
  return all;
}

}  // namespace mayfly::cli
