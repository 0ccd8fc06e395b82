#include "policy/token_issuer.h"

#include <algorithm>
#include <utility>

namespace mayfly::policy {
namespace {

constexpr std::pair<std::string_view, JwsAlgorithm> kNames[] = {
    {"RS256", JwsAlgorithm::kRs256}, {"RS384", JwsAlgorithm::kRs384},
    {"RS512", JwsAlgorithm::kRs512}, {"PS256", JwsAlgorithm::kPs256},
    {"PS384", JwsAlgorithm::kPs384}, {"PS512", JwsAlgorithm::kPs512},
    {"ES256", JwsAlgorithm::kEs256}, {"ES384", JwsAlgorithm::kEs384},
    {"ES512", JwsAlgorithm::kEs512}, {"EdDSA", JwsAlgorithm::kEdDsa}};

}  // namespace

std::string_view JwsAlgorithmName(JwsAlgorithm algorithm) {
  for (const auto& [name, known] : kNames) {
    if (known == algorithm) return name;
  }
  return "";
}

std::optional<JwsAlgorithm> JwsAlgorithmFrom(std::string_view name) {
  for (const auto& [known, algorithm] : kNames) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

const std::vector<JwsAlgorithm>& AllJwsAlgorithms() {
  static const std::vector<JwsAlgorithm> kAll = [] {
    std::vector<JwsAlgorithm> all;
    for (const auto& [name, algorithm] : kNames) all.push_back(algorithm);
    return all;
  }();
  return kAll;
}

bool IsTokenIssuerName(std::string_view text) {
  return !text.empty() && text.size() <= kTokenIssuerNameCharsMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool IsTokenSubject(std::string_view text) {
  return !text.empty() && text.size() <= kTokenSubjectCharsMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '*'; });
}

std::string TokenPrincipalId(std::string_view issuer_name, std::string_view subject) {
  std::string id(kTokenPrincipal);
  return id.append(issuer_name).append(":").append(subject);
}

std::optional<TokenPrincipalParts> SplitTokenPrincipalId(std::string_view id) {
  if (!id.starts_with(kTokenPrincipal)) return std::nullopt;
  const std::string_view rest = id.substr(kTokenPrincipal.size());
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const TokenPrincipalParts parts{rest.substr(0, colon), rest.substr(colon + 1)};
  if (!IsTokenIssuerName(parts.issuer_name) || !IsTokenSubject(parts.subject)) return std::nullopt;
  return parts;
}

}  // namespace mayfly::policy
