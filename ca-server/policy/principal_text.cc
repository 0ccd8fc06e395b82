#include "policy/principal_text.h"

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "policy/foreign_principal.h"
#include "policy/token_issuer.h"

namespace mayfly::policy {
namespace {

constexpr std::string_view kLocal = "local:";
constexpr size_t kUidDigitsMax = 10;

bool IsUid(std::string_view text) {
  const bool canonical = text == "0" || !text.starts_with('0');
  return !text.empty() && text.size() <= kUidDigitsMax && canonical &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// As PrincipalIdOf writes it.
Result<x509::GeneralName> NameIn(std::string_view id) {
  if (id.starts_with("dns:")) return x509::GeneralName::Dns(id.substr(4));
  if (id.starts_with("ip:")) return x509::GeneralName::Ip(id.substr(3));
  if (id.starts_with("email:")) return x509::GeneralName::Email(id.substr(6));
  return x509::GeneralName::Uri(id);
}

}  // namespace

Result<Principal> PrincipalFromId(std::string_view id) {
  if (id.starts_with(kLocal) && IsUid(id.substr(kLocal.size()))) {
    return Principal{ProofOfIdentity::kLocal, std::string(id), std::string(id), {}};
  }
  if (SplitTokenPrincipalId(id)) {
    return Principal{ProofOfIdentity::kJwt, std::string(id), std::string(id), {}};
  }
  if (SplitForeignPrincipalId(id)) {
    return Principal{ProofOfIdentity::kForeignCertificate, std::string(id), std::string(id), {}};
  }
  const auto name = NameIn(id);
  if (!name || id.starts_with(kForeignPrincipal) || id.starts_with(kTokenPrincipal) ||
      id.starts_with(kLocal) || id.find('*') != std::string_view::npos) {
    return Fail(
        ErrorCode::kInvalidArgument, "principal.id",
        "\"" + Escape(id, 128) +
            "\" is not a principal: \"spiffe://...\", \"dns:...\", \"ip:...\", "
            "\"email:...\", \"jwt:ISSUER:SUBJECT\", \"foreign:CA:HOLDER\" or \"local:UID\"");
  }
  const x509::GeneralNames names{*name};
  const std::string canonical = PrincipalIdOf(names);
  return Principal{ProofOfIdentity::kCertificate, canonical, canonical, names};
}

}  // namespace mayfly::policy
