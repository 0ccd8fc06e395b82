#include <algorithm>

#include "identity/base64url.h"
#include "identity/token.h"
#include "policy/principal_text.h"
#include "tests/properties/properties.h"

namespace mayfly::properties {
namespace {

using identity::UnverifiedToken;

constexpr TimePoint kNow{Seconds(1'800'000'000)};

policy::TokenIssuer Rules() {
  policy::TokenIssuer rules;
  rules.name = "cluster";
  rules.issuer = "https://issuer.example";
  rules.audience = "mayfly";
  rules.algorithms = {policy::AllJwsAlgorithms().begin(), policy::AllJwsAlgorithms().end()};
  rules.claims = {{"namespace", {"kubernetes.io", "namespace"}}, {"x", {"x"}}};
  return rules;
}

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

Broken ByText(const UnverifiedToken& token, std::string_view text) {
  const auto& jws = token.jws();
  const std::string again =
      jws.protected_text() + "." + jws.payload_text() + "." + jws.signature_text();
  if (again != text) return "read as another text than it is";
  if (identity::ToBase64Url(AsBytes(jws.payload())) != jws.payload_text()) {
    return "base64url that is written otherwise";
  }
  return std::nullopt;
}

Broken ByProof(const identity::VerifiedToken& read) {
  const policy::Principal principal = identity::PrincipalOf(read);
  const auto named = policy::PrincipalFromId(principal.id);
  if (!named || named->id != principal.id) return "a principal that no record can name";
  for (const auto& [name, value] : read.claims) {
    if (value.empty() || !IsPrintable(value)) return "a claim that is not printable: " + name;
  }
  return std::nullopt;
}

// The same signature under another payload.
Broken BySignature(const UnverifiedToken& token, const identity::JwkSet& keys) {
  const auto& jws = token.jws();
  const std::string other = std::string(jws.payload()) + " ";
  const auto forged =
      UnverifiedToken::Parse(jws.protected_text() + "." + identity::ToBase64Url(AsBytes(other)) +
                                 "." + jws.signature_text(),
                             2 * identity::kTokenBytesMaxDefault);
  if (!forged) return "a space after the payload makes it no JSON";
  if (identity::VerifyWith(*forged, Rules(), keys, kNow)) return "a signature of another payload";
  return std::nullopt;
}

}  // namespace

Broken ByJwt(ByteSpan input) {
  const std::string_view all = AsText(input);
  const size_t end = std::min(all.find('\n'), all.size());
  const auto keys = identity::JwkSet::Parse(all.substr(0, end));
  const std::string_view text = all.substr(std::min(end + 1, all.size()));
  const auto token = UnverifiedToken::Parse(text, identity::kTokenBytesMaxDefault);
  if (!token) {
    if (token.error().code != ErrorCode::kUnauthenticated) return "refused as something else";
    return std::nullopt;
  }
  if (auto broken = ByText(*token, text)) return broken;
  const auto read = identity::ReadClaims(*token, Rules(), kNow);
  if (read) {
    if (auto broken = ByProof(*read)) return broken;
  }
  if (!keys || !identity::VerifyWith(*token, Rules(), *keys, kNow)) return std::nullopt;
  if (!read) return "verified though its claims are refused";
  return BySignature(*token, *keys);
}

}  // namespace mayfly::properties
