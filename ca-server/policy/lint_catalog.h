// The lints by id: which clause each upholds, and how much a finding weighs. lint/ does the work;
// a profile may weigh a finding differently, but for those that are fixed.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace mayfly::policy {

enum class Severity : uint8_t {
  kError,    // nothing is signed
  kWarning,  // noted as an event, and signed
  kOff,
};
std::string_view SeverityName(Severity severity);  // "error", "warning", "off"

struct LintRule {
  std::string_view id;
  std::string_view clause;
  Severity severity;
  bool is_fixed;  // CA-ness, names, keys, and what every other lint rests on
};
std::span<const LintRule> LintCatalog();
const LintRule* FindLintRule(std::string_view id);  // nullptr: no such lint

using LintSeverities = std::map<std::string, Severity, std::less<>>;
// The profile's word, else the catalog's; an id that is in neither is an error.
Severity SeverityOf(std::string_view id, const LintSeverities& profile);

}  // namespace mayfly::policy
