#include "issuance/event_detail.h"

#include <set>

#include "base/bytes.h"

namespace mayfly::issuance {
namespace {

constexpr size_t kTextBytesMax = 64;

// A JSON string (RFC 8259 section 7) of printable ASCII only.
std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (char c : Escape(text, kTextBytesMax)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string DenialDetail(std::string_view profile, const Error& error) {
  std::set<std::string> rules;
  if (!error.rule.empty()) rules.insert(error.rule);
  for (const Violation& violation : error.violations) rules.insert(violation.rule);
  std::string list;
  for (const std::string& rule : rules) list += (list.empty() ? "" : ",") + JsonText(rule);
  return "{\"profile\":" + JsonText(profile) + ",\"code\":" + JsonText(ErrorCodeName(error.code)) +
         ",\"rules\":[" + list + "]}";
}

}  // namespace mayfly::issuance
