#include "policy/principal_text.h"

#include <algorithm>
#include <iterator>
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

Status CheckClaims(const Claims& claims, const Principal& holder) {
  if (claims.empty()) return Ok();
  const auto refuse = [](std::string message) {
    return Fail(ErrorCode::kInvalidArgument, "principal.claims", std::move(message));
  };
  if (holder.proof != ProofOfIdentity::kJwt) {
    return refuse("only tokens have claims: \"jwt:ISSUER:SUBJECT\", not \"" +
                  Escape(holder.id, 128) + "\"");
  }
  size_t bytes = 0;
  for (const auto& [name, value] : claims) {
    if (!IsClaimName(name)) {
      return refuse("\"" + Escape(name, 64) +
                    "\" is no claim's name here: a-z, then a-z, 0-9 and _, as the token issuer's "
                    "section calls it");
    }
    bytes += name.size() + value.size();
  }
  if (bytes <= kClaimsTextBytesMax) return Ok();
  return refuse("claims have at most " + std::to_string(kClaimsTextBytesMax) + " bytes");
}

Status CheckNames(const x509::GeneralNames& names, const Principal& holder) {
  const auto refuse = [](std::string message) {
    return Fail(ErrorCode::kInvalidArgument, "principal.names", std::move(message));
  };
  if (holder.proof != ProofOfIdentity::kCertificate) {
    return refuse("only certificates of this CA have names here, \"" + Escape(holder.id, 128) +
                  "\" has none");
  }
  if (names.size() > x509::kNamesMax) {
    return refuse("a certificate has at most " + std::to_string(x509::kNamesMax) + " names");
  }
  const std::string id = PrincipalIdOf(names);
  if (id == holder.id) return Ok();
  return refuse("who holds a certificate for these names is \"" + Escape(id, 128) + "\", not \"" +
                Escape(holder.id, 128) + "\"");
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

Result<Principal> DescribedPrincipal(const PrincipalDescription& description) {
  TRY_ASSIGN(Principal principal, PrincipalFromId(description.id));
  TRY(CheckClaims(description.claims, principal));
  principal.claims = description.claims;
  if (description.names.empty()) return principal;
  x509::GeneralNames names = principal.names;
  std::ranges::copy(description.names, std::back_inserter(names));
  names = x509::Normalize(std::move(names));
  TRY(CheckNames(names, principal));
  principal.names = std::move(names);
  return principal;
}

}  // namespace mayfly::policy
