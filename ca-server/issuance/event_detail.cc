#include "issuance/event_detail.h"

#include <set>

#include "base/bytes.h"

namespace mayfly::issuance {
namespace {

constexpr size_t kTextBytesMax = 64;
constexpr size_t kKeyTextBytesMax = 1024;

// A JSON string (RFC 8259 section 7) of printable ASCII only.
std::string JsonText(std::string_view text, size_t bytes_max = kTextBytesMax) {
  std::string out = "\"";
  for (char c : Escape(text, bytes_max)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string JsonList(const std::set<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ",") + JsonText(text);
  return "[" + list + "]";
}

std::string NamesMember(const x509::GeneralNames& names) {
  std::string list;
  for (const x509::GeneralName& name : names) {
    const std::string text = name.ToString();
    if (names.size() > kEventNamesMax ||
        Escape(text, text.size() * 4).size() > kEventNameBytesMax) {
      return ",\"names_count\":" + std::to_string(names.size());
    }
    list += (list.empty() ? "" : ",") + JsonText(text, kEventNameBytesMax);
  }
  return ",\"names\":[" + list + "]";
}

}  // namespace

std::string DenialDetail(const Asked& asked, const Error& error) {
  const std::string claims = policy::ClaimsText(asked.claims);
  std::set<std::string> rules;
  if (!error.rule.empty()) rules.insert(error.rule);
  for (const Violation& violation : error.violations) rules.insert(violation.rule);
  return "{\"profile\":" + JsonText(asked.profile) +
         ",\"code\":" + JsonText(ErrorCodeName(error.code)) + ",\"rules\":" + JsonList(rules) +
         NamesMember(asked.names) +
         (asked.lifetime ? ",\"lifetime_seconds\":" + std::to_string(asked.lifetime->count())
                         : "") +
         (claims.empty() ? "" : ",\"claims\":" + JsonText(claims, policy::kClaimsTextBytesMax)) +
         (asked.is_renewal ? ",\"renewal\":true" : "") + "}";
}

std::string LintDetail(std::string_view profile, const x509::SerialNumber& serial,
                       const std::vector<lint::Finding>& warnings) {
  std::set<std::string> rules;
  for (const lint::Finding& finding : warnings) rules.insert(finding.violation.rule);
  return "{\"profile\":" + JsonText(profile) + ",\"serial\":" + JsonText(serial.Hex()) +
         ",\"rules\":" + JsonList(rules) + "}";
}

std::string LineageDetail(const Uuid& lineage, const x509::SerialNumber& serial) {
  return "{\"lineage\":" + JsonText(lineage.ToString()) + ",\"serial\":" + JsonText(serial.Hex()) +
         "}";
}

std::string QuarantineDetail(std::string_view key, std::string_view uri, std::string_view rule) {
  return "{\"key\":" + JsonText(key, kKeyTextBytesMax) +
         ",\"uri\":" + JsonText(uri, kKeyTextBytesMax) + ",\"rule\":" + JsonText(rule) + "}";
}

}  // namespace mayfly::issuance
