#include "clients/cli/policy_replay.h"

#include <algorithm>
#include <set>

#include "policy/principal_text.h"

namespace mayfly::cli {
namespace {

policy::Authorizer Of(policy::Policy policy) {
  auto basis = std::make_shared<policy::DecisionBasis>();
  basis->decision = 1;
  basis->policy_version = 1;
  basis->policy = std::move(policy);
  return policy::Authorizer(std::move(basis));
}

// Both ends of a validity are inclusive (RFC 5280 4.1.2.5).
Seconds LifetimeOf(const ca::v1::Certificate& record) {
  return Seconds(record.not_after_time().seconds() - record.not_before_time().seconds() + 1);
}

// What was asked for, as far as a record tells: its lifetime, unless it is what the profile gives.
std::optional<Seconds> LifetimeAskedFor(const ca::v1::Certificate& record,
                                        const policy::Policy& in_force) {
  const auto profile = in_force.profiles.find(record.profile());
  const bool usual =
      profile != in_force.profiles.end() && profile->second.lifetime_default == LifetimeOf(record);
  return usual ? std::nullopt : std::optional(LifetimeOf(record));
}

Result<x509::GeneralNames> NamesOf(const std::vector<std::string>& texts) {
  x509::GeneralNames names;
  for (const std::string& text : texts) {
    TRY_ASSIGN(auto name, x509::GeneralName::FromString(text));
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> RulesOf(const Error& error) {
  std::set<std::string> rules;
  for (const Violation& violation : error.violations) rules.insert(violation.rule);
  if (rules.empty()) rules.insert(error.rule);
  return {rules.begin(), rules.end()};
}

using Verdict = Result<policy::IssuanceGrant>;

enum class Asking : uint8_t { kFirst, kRenewal, kWithToken };

Verdict DecideNames(const policy::Authorizer& authorizer, const policy::Principal& authority,
                    const policy::IssuanceWish& wish, const policy::Evidence& evidence,
                    Asking asking) {
  switch (asking) {
    case Asking::kFirst:
      return authorizer.Authorize(authority, wish, evidence);
    case Asking::kRenewal:
      return authorizer.AuthorizeRenewal(authority, wish);
    case Asking::kWithToken:
      break;
  }
  const policy::Enrolment enrolment{.token = Uuid::FromOctets({}),
                                    .token_hash = {},
                                    .profile = wish.profile,
                                    .names = wish.names,
                                    .uses_max = 1,
                                    .expires = TimePoint::max(),
                                    .enroller = authority};
  return authorizer.AuthorizeEnrolment(enrolment, wish);
}

// Names first, then the key, as the issue path has it.
Verdict DecideBy(const policy::Authorizer& authorizer, const policy::Principal& authority,
                 const policy::IssuanceWish& wish, const policy::Evidence& evidence, Asking asking,
                 const std::optional<x509::SubjectPublicKeyInfo>& key) {
  TRY_ASSIGN(auto grant, DecideNames(authorizer, authority, wish, evidence, asking));
  if (key) TRY(x509::CheckKeyRules(*key, grant.profile().key_rules));
  return grant;
}

// What the Authorizer says of who asks and for what. Others come of what only the server knows: a
// key that somebody else has, an issuer's end and name constraints, a block.
const std::set<std::string, std::less<>> kDecidedHere = {
    "profile.unknown",     "policy.principal",      "policy.denied",     "policy.name",
    "policy.name-denied",  "policy.no-names",       "policy.name-count", "policy.name-kind",
    "policy.lifetime",     "policy.spiffe-one-uri", "policy.renewal",    "policy.names-from",
    "policy.name-control",
};

bool IsDecidedHere(const google::protobuf::Struct& detail) {
  const auto rules = detail.fields().find("rules");
  if (rules == detail.fields().end()) return true;
  return std::ranges::all_of(rules->second.list_value().values(), [](const auto& rule) {
    return kDecidedHere.contains(rule.string_value());
  });
}

std::vector<std::string> TextsOf(const x509::GeneralNames& names) {
  std::vector<std::string> texts;
  for (const x509::GeneralName& name : names) texts.push_back(name.ToString());
  return texts;
}

// "a", or "a, b" of a pool.
std::string IssuersOf(const policy::IssuanceGrant& grant) {
  std::string text;
  for (const std::string& issuer : grant.issuers()) text += (text.empty() ? "" : ", ") + issuer;
  return text;
}

// Of two grants: what would be another in the certificate.
void CompareGrants(const policy::IssuanceGrant& before, const policy::IssuanceGrant& after,
                   ReplayChange& out) {
  if (before.issuers() != after.issuers()) {
    out.issuer_before = IssuersOf(before);
    out.issuer_after = IssuersOf(after);
  }
  if (before.names() != after.names()) {
    out.names_before = TextsOf(before.names());
    out.names_after = TextsOf(after.names());
  }
}

// Nothing: the same as before.
std::optional<ReplayChange> Compare(const Verdict& before, const Verdict& after) {
  ReplayChange out{};
  if (before) out.before = before->lifetime();
  if (after) out.after = after->lifetime();
  if (before && after) CompareGrants(*before, *after, out);
  if (before && !after) {
    out.change = Change::kDenied;
    out.rules = RulesOf(after.error());
  } else if (!before && after) {
    out.change = Change::kAllowed;
    out.rules = RulesOf(before.error());
  } else if (out.names_after) {
    out.change = Change::kNames;
  } else if (out.before != out.after) {
    out.change = Change::kLifetime;
  } else if (out.issuer_after) {
    out.change = Change::kIssuer;
  } else {
    return std::nullopt;
  }
  return out;
}

}  // namespace

std::string ChangeText(Change change) {
  switch (change) {
    case Change::kDenied:
      return "denied";
    case Change::kAllowed:
      return "allowed";
    case Change::kNames:
      return "names";
    case Change::kLifetime:
      return "lifetime";
    case Change::kIssuer:
      return "issuer";
  }
  return "";
}

Replay::Replay(policy::Policy in_force, policy::Policy proposed)
    : in_force_(Of(std::move(in_force))), proposed_(Of(std::move(proposed))) {}

void Replay::LookAtToken(const ca::v1::Event& created) {
  const auto& detail = created.detail().fields();
  const auto token = detail.find("token");
  if (token == detail.end()) return;
  const auto id = Uuid::Parse(token->second.string_value());
  if (id) makers_[policy::EnrolmentPrincipalId(*id)] = created.principal();
}

void Replay::Look(const ca::v1::Certificate& record) {
  const auto& names = record.subject_alt_names();
  Asked asked{record.principal(),
              record.profile(),
              {record.claims().begin(), record.claims().end()},
              {names.begin(), names.end()},
              LifetimeAskedFor(record, in_force_.basis().policy),
              {},
              LifetimeOf(record).count(),
              /*was_granted=*/true,
              /*is_renewal=*/record.generation() > 0};
  const auto certificate = x509::Certificate::FromDer(AsBytes(record.certificate_der()));
  if (certificate) asked.key = certificate->tbs().fields().public_key;
  Decide(asked);
}

void Replay::Look(const ca::v1::Event& denial) {
  const auto& detail = denial.detail().fields();
  const auto names = detail.find("names");
  const auto profile = detail.find("profile");
  if (names == detail.end() || profile == detail.end() || profile->second.string_value().empty() ||
      !IsDecidedHere(denial.detail())) {
    ++passed_over_;
    return;
  }
  Asked asked{denial.principal(), profile->second.string_value(), {}, {}, std::nullopt, {}, 0};
  if (const auto claims = detail.find("claims"); claims != detail.end()) {
    asked.claims = policy::ClaimsFromText(claims->second.string_value()).value_or(policy::Claims{});
  }
  if (const auto renewal = detail.find("renewal"); renewal != detail.end()) {
    asked.is_renewal = renewal->second.bool_value();
  }
  for (const auto& name : names->second.list_value().values()) {
    asked.names.push_back(name.string_value());
  }
  if (const auto lifetime = detail.find("lifetime_seconds"); lifetime != detail.end()) {
    asked.lifetime_s = static_cast<int64_t>(lifetime->second.number_value());
    asked.lifetime = Seconds(asked.lifetime_s);
  }
  Decide(asked);
}

const policy::Profile* Replay::GrantedBy(const Asked& asked) const {
  const auto& profiles = in_force_.basis().policy.profiles;
  const auto profile = profiles.find(asked.profile);
  return asked.was_granted && profile != profiles.end() ? &profile->second : nullptr;
}

std::optional<policy::Principal> Replay::AuthorityOf(const Asked& asked) const {
  const auto maker = makers_.find(asked.principal);
  auto authority =
      policy::PrincipalFromId(maker == makers_.end() ? asked.principal : maker->second);
  if (!authority) return std::nullopt;
  authority->claims = asked.claims;
  return *std::move(authority);
}

void Replay::Decide(const Asked& asked) {
  auto authority = AuthorityOf(asked);
  auto names = NamesOf(asked.names);
  if (!authority || !names) {
    ++passed_over_;
    return;
  }
  policy::Evidence evidence;
  if (const policy::Profile* profile = GrantedBy(asked)) {
    // The names that it took from its requester are all that were proved of them.
    if (profile->names_from == policy::NamesFrom::kPrincipal) authority->names = *names;
    if (profile->prove_control) evidence.controlled = *names;
  }
  // Whoever renews holds the names that they ask for.
  if (asked.is_renewal) authority->names = *names;
  ++looked_at_;
  policy::IssuanceWish wish;
  wish.profile = asked.profile;
  wish.names = *std::move(names);
  wish.lifetime = asked.lifetime;
  const auto asking = asked.is_renewal                    ? Asking::kRenewal
                      : makers_.contains(asked.principal) ? Asking::kWithToken
                                                          : Asking::kFirst;
  const Verdict before = DecideBy(in_force_, *authority, wish, evidence, asking, asked.key);
  const Verdict after = DecideBy(proposed_, *authority, wish, evidence, asking, asked.key);
  if (asked.was_granted && !before && !after) ++denied_by_both_;
  auto change = Compare(before, after);
  if (!change) return;
  change->principal = asked.principal;
  change->profile = asked.profile;
  change->names = asked.names;
  Count(*change, asked.lifetime_s);
}

void Replay::Count(const ReplayChange& change, int64_t lifetime_s) {
  Key key{change.change, change.principal, change.profile, change.names, lifetime_s};
  const auto found = changes_.find(key);
  if (found == changes_.end() && changes_.size() == kReplayChangesMax) {
    ++not_kept_;
    return;
  }
  ReplayChange& kept = found == changes_.end()
                           ? changes_.emplace(std::move(key), change).first->second
                           : found->second;
  ++kept.count;
}

std::vector<ReplayChange> Replay::changes() const {
  std::vector<ReplayChange> out;
  for (const auto& [key, change] : changes_) out.push_back(change);
  return out;
}

}  // namespace mayfly::cli
