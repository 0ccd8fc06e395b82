#include "policy/principal.h"

#include <algorithm>

namespace mayfly::policy {
namespace {

using Kind = x509::GeneralName::Kind;

const x509::GeneralName* FirstOf(const x509::GeneralNames& names, Kind kind) {
  auto found = std::find_if(names.begin(), names.end(),
                            [kind](const x509::GeneralName& name) { return name.kind() == kind; });
  return found == names.end() ? nullptr : &*found;
}

std::string_view Prefix(Kind kind) {
  switch (kind) {
    case Kind::kEmail:
      return "email:";
    case Kind::kDns:
      return "dns:";
    case Kind::kIp:
      return "ip:";
    case Kind::kUri:
      return "";  // has a scheme of its own, and "://" that no other id has
  }
  return "";
}

}  // namespace

Claims ClaimsOf(const Principal& principal) {
  Claims claims = principal.claims;
  if (principal.id.starts_with(kSpiffeScheme)) {
    const std::string_view rest = std::string_view(principal.id).substr(kSpiffeScheme.size());
    claims.insert_or_assign(std::string(kTrustDomainClaim),
                            std::string(rest.substr(0, rest.find('/'))));
  }
  return claims;
}

std::string PrincipalIdOf(const x509::GeneralNames& names) {
  if (names.empty()) return "";
  auto is_uri = [](const x509::GeneralName& name) { return name.kind() == Kind::kUri; };
  const x509::GeneralName* holder = nullptr;
  // SPIFFE X.509-SVID 2: a certificate with more than one URI names no workload.
  if (std::count_if(names.begin(), names.end(), is_uri) == 1) holder = FirstOf(names, Kind::kUri);
  if (holder == nullptr) holder = FirstOf(names, Kind::kDns);
  if (holder == nullptr) holder = &names.front();
  return std::string(Prefix(holder->kind())) + holder->ValueText();
}

}  // namespace mayfly::policy
