#include "policy/foreign_principal.h"

#include <algorithm>

#include "policy/principal.h"
#include "x509/spiffe_id.h"

namespace mayfly::policy {
namespace {

constexpr std::string_view kDns = "dns:";

bool IsHolder(std::string_view text) {
  if (text.starts_with(kSpiffeScheme)) {
    const auto id = x509::SpiffeId::Parse(text);
    return id && id->ToString() == text;
  }
  if (!text.starts_with(kDns) || text.find('*') != std::string_view::npos) return false;
  const auto name = x509::GeneralName::Dns(text.substr(kDns.size()));
  return name && name->value() == text.substr(kDns.size());
}

}  // namespace

bool IsForeignCaName(std::string_view text) {
  return !text.empty() && text.size() <= kForeignCaNameCharsMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::string ForeignPrincipalId(std::string_view ca_name, const x509::GeneralName& holder) {
  std::string id(kForeignPrincipal);
  return id.append(ca_name).append(":").append(PrincipalIdOf({holder}));
}

std::optional<ForeignPrincipalParts> SplitForeignPrincipalId(std::string_view id) {
  if (!id.starts_with(kForeignPrincipal)) return std::nullopt;
  const std::string_view rest = id.substr(kForeignPrincipal.size());
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const ForeignPrincipalParts parts{rest.substr(0, colon), rest.substr(colon + 1)};
  if (!IsForeignCaName(parts.ca_name) || !IsHolder(parts.holder)) return std::nullopt;
  return parts;
}

}  // namespace mayfly::policy
