// Certificates for people. Lines fit 80 columns unless one name or path is longer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "clients/cli/output.h"
#include "clients/cpp/certificate_facts.h"
#include "mayfly/ca/v1/certificate_authority.pb.h"

namespace mayfly::cli {

// "2026-03-01 12:00:00 UTC"
std::string TimeText(TimePoint when);
// RFC 3339, as the API's JSON has it: "2026-03-01T12:00:00Z"
std::string Rfc3339(TimePoint when);
// "6 days 23 h", "42 min", "30 s"
std::string SpanText(Seconds span);
// "in 42 min", "now", "30 s ago"
std::string FromNow(TimePoint when, TimePoint now);
TimePoint TimeOf(const google::protobuf::Timestamp& time);

// A certificate, and what the CA says about it where the CA was asked.
struct Shown {
  client::CertificateFacts facts;
  std::optional<ca::v1::Certificate> record = {};
  std::vector<client::CertificateFacts> chain = {};  // what came with it
};
// An intent has no DER yet; then the facts are what the record says.
Result<Shown> ShownRecord(ca::v1::Certificate record);
// What can be known without asking the CA.
ca::v1::Certificate RecordOf(const client::CertificateFacts& facts);

// From when on a certificate should be renewed: two thirds of its life, as the CA has it
// (policy/certificate_template.cc).
TimePoint RenewFrom(const client::CertificateFacts& facts);

// Aligned "label  value" lines: eight at most.
std::string SummaryText(const Shown& shown, TimePoint now);
// Everything, the extensions too.
std::string FullText(const Shown& shown, TimePoint now);
// "active", with its color where the terminal has colors: "" where it needs none.
std::string StateText(ca::v1::Certificate::State state);
std::string StateColor(ca::v1::Certificate::State state);
// "renewal-overdue"
std::string AlertKindText(ca::v1::Alert::Kind kind);
// "web.internal, www.internal and 3 more": no longer than `columns`, but for the first name.
std::string NamesText(const std::vector<std::string>& names, size_t columns);
// Names as somebody else gave them, made safe for a terminal.
template <class Names>
std::vector<std::string> EscapedNames(const Names& names) {
  constexpr size_t kShownBytesMax = 300;
  std::vector<std::string> escaped;
  for (const std::string& name : names) escaped.push_back(Escape(name, kShownBytesMax));
  return escaped;
}
// One "label  value" line; values begin at kLabelColumns, where the label leaves room.
constexpr size_t kLabelColumns = 14;
std::string Line(std::string_view label, const std::string& value);

// table, name, pem and document of one certificate.
Answer AnswerOf(const Shown& shown, TimePoint now);
// Leaf first, as the servers of this world want it.
std::string ChainPem(const ca::v1::IssueCertificateResponse& issued);
std::string ChainPem(const ca::v1::RenewCertificateResponse& renewed);
std::string ChainPem(const ca::v1::RenewExpiredCertificateResponse& renewed);

// "key-compromise" <-> REVOCATION_REASON_KEY_COMPROMISE.
// Error: kInvalidArgument "cli.reason" with the ones there are.
Result<ca::v1::RevocationReason> ParseReason(std::string_view text);
std::string ReasonText(ca::v1::RevocationReason reason);
// "a|b|c", for help and completion.
std::string ReasonList();

}  // namespace mayfly::cli
