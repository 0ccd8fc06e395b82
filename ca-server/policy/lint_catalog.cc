#include "policy/lint_catalog.h"

#include <algorithm>

namespace mayfly::policy {
namespace {

constexpr LintRule kCatalog[] = {
    {"lint.ca", "RFC 5280 4.2.1.9", Severity::kError, true},
    {"lint.custom-extension", "the profile", Severity::kError, true},
    {"lint.encoding", "RFC 5280 4.1, X.690 10", Severity::kError, true},
    {"lint.extended-key-usage", "RFC 5280 4.2.1.12", Severity::kError, true},
    {"lint.extensions", "RFC 5280 4.2", Severity::kError, true},
    {"lint.issuer", "RFC 5280 4.1.2.4, 4.2.1.1", Severity::kError, true},
    {"lint.key", "RFC 5280 4.1.2.7", Severity::kError, true},
    {"lint.key-usage", "RFC 5280 4.2.1.3", Severity::kError, true},
    {"lint.name-constraints", "RFC 5280 4.2.1.10", Severity::kError, true},
    {"lint.names", "RFC 5280 4.2.1.6", Severity::kError, true},
    {"lint.not-ca", "RFC 5280 4.2.1.9, 4.2.1.3", Severity::kError, true},
    {"lint.revocation", "RFC 9608 3, RFC 6960 4.2.2.2.1", Severity::kError, true},
    {"lint.serial", "RFC 5280 4.1.2.2", Severity::kError, true},
    {"lint.size", "peers' limits", Severity::kError, false},
    {"lint.spiffe", "SPIFFE X.509-SVID 2, 3.1, 4.3", Severity::kError, false},
    {"lint.spiffe-eku", "SPIFFE X.509-SVID 4.4", Severity::kWarning, false},
    {"lint.subject", "RFC 5280 4.1.2.6", Severity::kError, true},
    {"lint.usage-coherence", "RFC 5280 4.2.1.12", Severity::kError, false},
    {"lint.validity", "RFC 5280 4.1.2.5", Severity::kError, true},
};

}  // namespace

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kOff:
      return "off";
  }
  return "error";
}

std::span<const LintRule> LintCatalog() { return kCatalog; }

const LintRule* FindLintRule(std::string_view id) {
  const auto* found = std::ranges::find(kCatalog, id, &LintRule::id);
  return found == std::end(kCatalog) ? nullptr : found;
}

Severity SeverityOf(std::string_view id, const LintSeverities& profile) {
  const LintRule* rule = FindLintRule(id);
  if (rule == nullptr || rule->is_fixed) return Severity::kError;
  const auto said = profile.find(id);
  return said == profile.end() ? rule->severity : said->second;
}

}  // namespace mayfly::policy
