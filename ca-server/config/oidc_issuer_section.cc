#include "config/oidc_issuer_section.h"

#include <algorithm>
#include <set>

#include "config/https_address.h"
#include "config/words.h"
#include "policy/principal.h"

namespace mayfly::config {
namespace {

namespace fs = std::filesystem;

using policy::JwsAlgorithm;

constexpr std::string_view kSources[] = {"discovery", "jwks_url", "jwks_file"};

struct Taken {
  std::set<std::string> names, issuers;
};

void CheckName(Section& section, const std::string& name, Taken& taken) {
  if (name.empty()) return;
  if (!policy::IsTokenIssuerName(name)) {
    section.Complain("name", "config.name",
                     "\"" + Escape(name, 64) + "\" is not a name: 1 to 63 of a-z, 0-9 and \"-\"");
  }
  if (!taken.names.insert(name).second) {
    section.Complain("name", "config.duplicate",
                     "the name \"" + Escape(name, 64) + "\" is taken by another [[oidc_issuer]]");
  }
}

void CheckIssuer(Section& section, const std::string& issuer, Taken& taken) {
  if (!issuer.empty() && !taken.issuers.insert(issuer).second) {
    section.Complain("issuer", "config.duplicate",
                     "another [[oidc_issuer]] has the issuer \"" + Escape(issuer, 128) + "\"");
  }
}

std::set<JwsAlgorithm> ReadAlgorithms(Section& section) {
  Words<JwsAlgorithm> words;
  for (JwsAlgorithm algorithm : policy::AllJwsAlgorithms()) {
    words.emplace_back(policy::JwsAlgorithmName(algorithm), algorithm);
  }
  std::set<JwsAlgorithm> algorithms;
  for (const std::string& word : section.Strings("algorithms")) {
    if (auto algorithm = ReadWord(section, "algorithms", word, words)) {
      algorithms.insert(*algorithm);
    }
  }
  return algorithms;
}

Seconds ReadClockSkew(Section& section) {
  const Seconds skew = section.DurationOr("clock_skew", policy::kClockSkewDefault);
  if (skew > policy::kClockSkewMax) {
    section.Complain(
        "clock_skew", "config.range",
        "\"clock_skew\" must be at most " + std::to_string(policy::kClockSkewMax.count()) + "s");
  }
  return skew;
}

void CheckClaim(Section& section, const std::string& name, const policy::ClaimPath& path) {
  if (!policy::IsClaimName(name)) {
    section.Complain(name, "config.name",
                     "\"" + Escape(name, 64) + "\" is not a claim's name: a-z, then a-z, 0-9 and " +
                         "\"_\", at most " + std::to_string(policy::kClaimNameCharsMax));
  }
  // A SPIFFE ID's is what peers verified; a token must not be able to say it.
  if (name == policy::kTrustDomainClaim) {
    section.Complain(name, "config.reserved",
                     "\"" + name + "\" is the trust domain of a SPIFFE ID; take another name");
  }
  if (path.size() > policy::kClaimPathMembersMax) {
    section.Complain(name, "config.range",
                     "\"" + name + "\" has more than " +
                         std::to_string(policy::kClaimPathMembersMax) + " members");
  }
}

std::map<std::string, policy::ClaimPath, std::less<>> ReadClaims(Section& issuer) {
  std::map<std::string, policy::ClaimPath, std::less<>> claims;
  Section section = issuer.SubOrEmpty("claims");
  for (const std::string& name : section.Keys()) {
    policy::ClaimPath path = section.Strings(name);
    CheckClaim(section, name, path);
    claims.emplace(name, std::move(path));
  }
  if (claims.size() > policy::kClaimsPerIssuerMax) {
    issuer.Complain("claims", "config.range",
                    "more than " + std::to_string(policy::kClaimsPerIssuerMax) + " claims");
  }
  return claims;
}

// Exactly one of the keys that say where the issuer's keys are.
std::optional<TokenKeys> ReadSource(Section& section) {
  const bool discovers = section.BooleanOr("discovery", false);
  std::vector<TokenKeys> chosen;
  if (discovers) chosen.push_back(TokenKeys::kDiscovery);
  if (section.Has("jwks_url")) chosen.push_back(TokenKeys::kUrl);
  if (section.Has("jwks_file")) chosen.push_back(TokenKeys::kFile);
  if (chosen.size() == 1) return chosen.front();
  const auto present =
      std::ranges::find_if(kSources, [&section](std::string_view key) { return section.Has(key); });
  section.Complain(present == std::end(kSources) ? kSources[0] : *present, "config.token-keys",
                   "where the issuer's keys are must be said in one way: discovery = true, or "
                   "\"jwks_url\", or \"jwks_file\"");
  return std::nullopt;
}

void ReadKeys(Section& section, const fs::path& folder, OidcIssuerConfig& config) {
  const auto source = ReadSource(section);
  config.keys = source.value_or(TokenKeys::kDiscovery);
  const auto url = section.OptionalString("jwks_url"), file = section.OptionalString("jwks_file");
  const auto ca_file = section.OptionalString("ca_file");
  config.jwks_url = url.value_or("");
  if (file && !file->empty()) config.jwks_file = (folder / *file).lexically_normal();
  if (ca_file) config.ca_file = (folder / *ca_file).lexically_normal();
  if (url && !url->empty() && !IsHttpsAddress(*url)) {
    section.Complain("jwks_url", "config.url",
                     "\"" + Escape(*url, 128) + "\" must be an https:// URL without a query");
  }
  if (source == TokenKeys::kFile && ca_file) {
    section.Complain("ca_file", "config.not-here",
                     "\"ca_file\" is for discovery and \"jwks_url\"; nobody is asked for a file");
  }
  // With the keys at hand an issuer may be any text, as Kubernetes allows; one that is to be asked
  // has an address.
  if (source == TokenKeys::kDiscovery && !config.rules.issuer.empty() &&
      !IsHttpsAddress(config.rules.issuer)) {
    section.Complain("issuer", "config.url",
                     "\"" + Escape(config.rules.issuer, 128) +
                         "\" must be an https:// URL without a query, since its keys are asked for "
                         "there");
  }
}

OidcIssuerConfig ReadOidcIssuer(Section section, const fs::path& folder, Taken& taken) {
  OidcIssuerConfig config{};
  config.rules.name = section.String("name");
  config.rules.issuer = section.String("issuer");
  config.rules.audience = section.String("audience");
  config.rules.algorithms = ReadAlgorithms(section);
  config.rules.clock_skew = ReadClockSkew(section);
  config.rules.claims = ReadClaims(section);
  CheckName(section, config.rules.name, taken);
  CheckIssuer(section, config.rules.issuer, taken);
  ReadKeys(section, folder, config);
  return config;
}

}  // namespace

std::vector<OidcIssuerConfig> ReadOidcIssuers(Section& root, const fs::path& folder) {
  std::vector<OidcIssuerConfig> issuers;
  Taken taken;
  for (Section& section : root.Sections("oidc_issuer")) {
    issuers.push_back(ReadOidcIssuer(section, folder, taken));
  }
  if (issuers.size() > policy::kTokenIssuersMax) {
    root.Complain("oidc_issuer", "config.range",
                  "more than " + std::to_string(policy::kTokenIssuersMax) + " issuers of tokens");
  }
  return issuers;
}

}  // namespace mayfly::config
