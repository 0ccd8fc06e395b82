#include "policy/principal_pattern.h"

#include <algorithm>

#include "policy/foreign_principal.h"
#include "policy/token_issuer.h"

namespace mayfly::policy {
namespace {

constexpr std::string_view kAnyLocal = "local:*";

// "local:0" and the like; no leading zeros, at most ten digits.
bool IsLocalId(std::string_view id) {
  constexpr std::string_view kPrefix = "local:";
  if (!id.starts_with(kPrefix)) return false;
  const std::string_view user = id.substr(kPrefix.size());
  return !user.empty() && user.size() <= 10 && (user == "0" || user.front() != '0') &&
         std::ranges::all_of(user, [](char c) { return c >= '0' && c <= '9'; });
}

Result<x509::GeneralName> HolderName(std::string_view id) {
  if (id.starts_with("dns:")) return x509::GeneralName::Dns(id.substr(4));
  if (id.starts_with("ip:")) return x509::GeneralName::Ip(id.substr(3));
  if (id.starts_with("email:")) return x509::GeneralName::Email(id.substr(6));
  return x509::GeneralName::Uri(id);
}

Error NoPrincipal(std::string_view text) {
  return Fail(
      ErrorCode::kConfiguration, "policy.principal",
      "\"" + Escape(text, 128) +
          "\" is not a principal: \"spiffe://...\" with or without places like "
          "\"{namespace}\" for whole segments, \"dns:...\", \"ip:...\", \"email:...\" (exact, "
          "without \"*\"), \"jwt:ISSUER:SUBJECT\", \"jwt:ISSUER:*\", \"foreign:CA:spiffe://...\", "
          "\"foreign:CA:dns:...\", \"foreign:CA:*\", \"local:UID\" or \"local:*\"");
}

// "jwt:cluster:" of "jwt:cluster:*".
std::optional<std::string_view> EverySubjectOf(std::string_view text) {
  if (!text.ends_with(":*")) return std::nullopt;
  const std::string_view prefix = text.substr(0, text.size() - 1);
  if (!SplitTokenPrincipalId(std::string(prefix) + "x") ||
      prefix.find(':', kTokenPrincipal.size()) != prefix.size() - 1) {
    return std::nullopt;
  }
  return prefix;
}

// "foreign:partner:" of "foreign:partner:*".
std::optional<std::string_view> EveryHolderOf(std::string_view text) {
  const std::string_view ca_name = text.substr(kForeignPrincipal.size());
  if (!ca_name.ends_with(":*")) return std::nullopt;
  if (!IsForeignCaName(ca_name.substr(0, ca_name.size() - 2))) return std::nullopt;
  return text.substr(0, text.size() - 1);
}

// What alone proves ids of its own, if this does: whatever else is named alike.
std::optional<ProofOfIdentity> SourceOf(ProofOfIdentity proof) {
  const bool is_source =
      proof == ProofOfIdentity::kJwt || proof == ProofOfIdentity::kForeignCertificate;
  return is_source ? std::optional(proof) : std::nullopt;
}

// The same with x in every place; nothing where a place is not a whole segment of the path.
std::optional<std::string> ExampleOf(std::string_view text) {
  std::vector<std::string_view> segments = Split(text, '/');
  for (size_t i = 0; i < segments.size(); ++i) {
    constexpr size_t kFirstOfPath = 3;  // after "spiffe:", "" and the trust domain
    if (i >= kFirstOfPath && PlaceholderOf(segments[i])) segments[i] = "x";
  }
  std::string example = Join(segments, '/');
  if (example.find_first_of("{}*") != std::string::npos) return std::nullopt;
  return example;
}

}  // namespace

Result<PrincipalPattern> PrincipalPattern::Parse(std::string_view text) {
  if (text == "*" || text == kAnyLocal || IsLocalId(text)) {
    return PrincipalPattern(std::string(text));
  }
  if (text.starts_with(kTokenPrincipal)) return ParseToken(text);
  if (text.starts_with(kForeignPrincipal)) return ParseForeign(text);
  const std::string example = ExampleOf(text).value_or("");  // which is nobody
  auto name = HolderName(example);
  if (!name) return NoPrincipal(text);
  PrincipalPattern pattern(PrincipalIdOf({*name}));
  if (example == text) return pattern;
  // Places are for ids that are in their normal form already: what is compared is what is read.
  if (!text.starts_with(kSpiffeScheme) || pattern.text_ != example) return NoPrincipal(text);
  pattern.text_ = std::string(text);
  pattern.has_places_ = true;
  return pattern;
}

Result<PrincipalPattern> PrincipalPattern::ParseToken(std::string_view text) {
  const auto every_subject = EverySubjectOf(text);
  if (!every_subject && !SplitTokenPrincipalId(text)) return NoPrincipal(text);
  PrincipalPattern pattern{std::string(text)};
  pattern.source_ = ProofOfIdentity::kJwt;
  pattern.subjects_of_ = every_subject.value_or("");
  return pattern;
}

Result<PrincipalPattern> PrincipalPattern::ParseForeign(std::string_view text) {
  const auto every_holder = EveryHolderOf(text);
  const auto example = every_holder ? std::nullopt : ExampleOf(text);
  if (!every_holder && (!example || !SplitForeignPrincipalId(*example))) return NoPrincipal(text);
  PrincipalPattern pattern{std::string(text)};
  pattern.source_ = ProofOfIdentity::kForeignCertificate;
  pattern.subjects_of_ = every_holder.value_or("");
  pattern.has_places_ = example && *example != text;
  return pattern;
}

std::set<std::string, std::less<>> PrincipalPattern::places() const {
  if (has_token_claims()) return {};
  auto places = PlacesIn(text_, '/');
  if (text_.starts_with(kSpiffeScheme)) places.insert(std::string(kTrustDomainClaim));
  return places;
}

std::optional<Claims> PrincipalPattern::Match(const Principal& principal) const {
  if (principal.id.empty()) return std::nullopt;
  if (is_everybody()) return ClaimsOf(principal);
  if (text_ == kAnyLocal && principal.proof == ProofOfIdentity::kLocal) return ClaimsOf(principal);
  // Nothing but a token makes somebody a token's subject, whatever else is named alike; and so with
  // a foreign CA's certificate and its holder.
  if (source_ != SourceOf(principal.proof)) return std::nullopt;
  if (!subjects_of_.empty()) {
    if (!principal.id.starts_with(subjects_of_)) return std::nullopt;
    return ClaimsOf(principal);
  }
  if (!has_places_) {
    if (text_ != principal.id) return std::nullopt;
    return ClaimsOf(principal);
  }
  const auto wanted = Split(text_, '/'), given = Split(principal.id, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  Claims claims = ClaimsOf(principal);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto place = PlaceholderOf(wanted[i]);
    if (!place) {
      if (wanted[i] != given[i]) return std::nullopt;
      continue;
    }
    if (!IsPlainSegment(given[i])) return std::nullopt;
    const auto [claim, is_new] = claims.emplace(*place, given[i]);
    if (!is_new && claim->second != given[i]) return std::nullopt;
  }
  return claims;
}

std::optional<Claims> MatchAny(const std::vector<PrincipalPattern>& patterns,
                               const Principal& principal) {
  for (const PrincipalPattern& pattern : patterns) {
    if (auto claims = pattern.Match(principal)) return claims;
  }
  return std::nullopt;
}

}  // namespace mayfly::policy
