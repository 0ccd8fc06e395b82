#include "policy/authorizer.h"

#include <algorithm>

#include "policy/pattern_index.h"
#include "policy/responder_profile.h"

namespace mayfly::policy {
namespace {

const Evidence kNoEvidence;
constexpr std::string_view kNamesField = "subject_alt_names";
constexpr std::string_view kLineageScope = "lineage:";
constexpr size_t kHintsMax = 5;  // patterns or profiles listed in a refusal

using Kind = x509::GeneralName::Kind;
// A rule that is about the requester and the profile, and what it knows of the requester, in every
// way in which one of its principals fits; of a renewal, a rule about the profile, and somebody.
struct Candidate {
  const Rule* rule;
  size_t number;               // in the policy
  std::vector<Claims> claims;  // none: somebody's
};

// What each pattern that fits says of the requester: a rule with two is about them in both ways.
std::vector<Claims> MatchAll(const std::vector<PrincipalPattern>& patterns,
                             const Principal& principal) {
  std::set<Claims> all;
  for (const PrincipalPattern& pattern : patterns) {
    if (auto claims = pattern.Match(principal)) all.insert(*std::move(claims));
  }
  return {all.begin(), all.end()};
}

bool IsAbout(const Rule& rule, const std::string& profile) {
  return rule.profiles.contains(profile) ||
         (rule.effect == RuleEffect::kDeny && rule.profiles.empty());
}

std::string KindWord(Kind kind) {
  switch (kind) {
    case Kind::kEmail:
      return "email";
    case Kind::kDns:
      return "dns";
    case Kind::kUri:
      return "uri";
    case Kind::kIp:
      return "ip";
  }
  return "other";
}

std::string List(const std::vector<std::string>& words) {
  std::string list;
  for (size_t i = 0; i < words.size() && i < kHintsMax; ++i) {
    list += (i ? ", " : "") + Escape(words[i], 128);
  }
  return words.size() > kHintsMax ? list + ", ..." : list;
}

// As it would be written in a request or a policy: the largest unit that divides it.
std::string DurationText(Seconds duration) {
  constexpr std::pair<int64_t, char> kUnits[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}};
  for (const auto& [seconds, unit] : kUnits) {
    if (duration.count() != 0 && duration.count() % seconds == 0) {
      return std::to_string(duration.count() / seconds) + unit;
    }
  }
  return std::to_string(duration.count()) + "s";
}

// One request on its way through the policy; every finding is noted, none ends the walk.
class Decision {
 public:
  Decision(const DecisionBasis& basis, const PatternIndex& index, const Principal& principal,
           const IssuanceWish& wish, const Evidence& evidence, x509::GeneralNames names)
      : basis_(basis),
        index_(index),
        principal_(principal),
        wish_(wish),
        evidence_(evidence),
        names_(x509::Normalize(std::move(names))),
        allowing_(basis.policy.rules.size()),
        denying_(basis.policy.rules.size()) {}

  void CheckPrincipal();
  void CheckRenewal(const Profile& profile);
  void CheckEnrolment(const Profile& profile, const Status& may_enrol);
  void CheckNames(const Profile& profile);
  void CheckLifetime(const Profile& profile);
  // Of the pool, those that are not blocked; a denial where there is none.
  std::vector<std::string> CheckIssuers(const std::vector<std::string>& pool);
  void CheckBlocks();

  const x509::GeneralNames& names() const { return names_; }
  std::string UsedRules() const;
  std::vector<RuleTrial> Trials() const;
  Status Verdict();

 private:
  enum class Asking : uint8_t { kFirst, kRenewal };
  using Asked = PatternIndex::Asked;
  struct Candidates {
    explicit Candidates(size_t rules) : is_about(rules) {}
    std::vector<Candidate> list;  // in the policy's order
    std::vector<bool> is_about;   // by the rule's number
    void Add(Candidate candidate);
  };
  void FindRules(Asking asking);
  void Deny(std::string rule, std::string_view field, std::string message) {
    violations_.push_back({std::move(rule), std::string(field), std::move(message)});
  }
  const Rule* First(const Candidates& candidates, const NameParts& name, Asked asked) const;
  bool Walks(const Candidate& candidate, const NameParts& name, Asked asked) const;
  void CheckName(const x509::GeneralName& name, const Profile& profile);
  bool IsDenied(const NameParts& name);
  void CheckControl(const x509::GeneralName& name, const Profile& profile);
  void CheckSpiffe();
  void DenyName(const x509::GeneralName& name);
  const std::string& GrantedOf(Kind kind);
  void CheckBlock(BlockKind kind, ByteSpan value, std::string_view field, std::string what);
  // Every name that was looked at, and the rules whose indexed patterns fit one of them.
  struct Looks {
    std::vector<NameParts> names;
    std::vector<bool> matched, touched;  // by the rule's number
  };
  Looks LookAtAll() const;
  RuleTrial::Outcome OutcomeOf(const Candidate& candidate, const Looks& looks) const;

  const DecisionBasis& basis_;
  const PatternIndex& index_;
  const Principal& principal_;
  const IssuanceWish& wish_;
  const Evidence& evidence_;
  x509::GeneralNames names_;
  Candidates allowing_, denying_;
  std::vector<const x509::GeneralName*> looked_at_;  // those of a kind that the profile allows
  std::map<const Rule*, x509::GeneralNames> used_;   // and the names that each decided
  std::map<Kind, std::string> granted_;              // what to say in refusals
  std::vector<Violation> violations_;
};

void Decision::Candidates::Add(Candidate candidate) {
  is_about[candidate.number] = true;
  list.push_back(std::move(candidate));
}

void Decision::CheckPrincipal() {
  FindRules(Asking::kFirst);
  if (!allowing_.list.empty()) return;
  Deny("policy.principal", "profile",
       "no rule grants profile \"" + Escape(wish_.profile, 64) + "\" to " + Escape(principal_.id) +
           "; a rule must name both");
}

void Decision::CheckRenewal(const Profile& profile) {
  FindRules(Asking::kRenewal);
  if (profile.renewal == Renewal::kRefuse) {
    Deny("policy.renewal", "profile",
         "certificates of profile \"" + profile.name + "\" are not renewed; ask for a new one");
  }
  if (!allowing_.list.empty()) return;
  Deny("policy.principal", "profile",
       "no rule grants profile \"" + Escape(wish_.profile, 64) + "\" to anybody any more");
}

void Decision::CheckEnrolment(const Profile& profile, const Status& may_enrol) {
  CheckPrincipal();
  if (!may_enrol) Deny(may_enrol.error().rule, "principal", may_enrol.error().message);
  if (profile.names_from == NamesFrom::kPrincipal) {
    Deny("policy.names-from", "profile",
         "profile \"" + profile.name +
             "\" names who asks, and a token's holder has no names of their own; take another");
  }
}

void Decision::FindRules(Asking asking) {
  const std::vector<Rule>& rules = basis_.policy.rules;
  for (size_t number = 0; number < rules.size(); ++number) {
    const Rule& rule = rules[number];
    if (!IsAbout(rule, wish_.profile)) continue;
    const bool denies = rule.effect == RuleEffect::kDeny;
    if (!denies && asking == Asking::kRenewal) {
      allowing_.Add({&rule, number, {}});
      continue;
    }
    auto claims = MatchAll(rule.principals, principal_);
    if (!claims.empty()) (denies ? denying_ : allowing_).Add({&rule, number, std::move(claims)});
  }
  for (const Candidate& candidate : denying_.list) {
    if (!candidate.rule->names.empty()) continue;
    used_.try_emplace(candidate.rule);
    Deny("policy.denied", "profile",
         "rule \"" + candidate.rule->name + "\" denies profile \"" + Escape(wish_.profile, 64) +
             "\" to " + Escape(principal_.id));
  }
}

void Decision::CheckNames(const Profile& profile) {
  if (names_.empty()) {
    Deny("policy.no-names", kNamesField,
         profile.names_from == NamesFrom::kPrincipal
             ? "profile \"" + profile.name +
                   "\" names who asks (names_from = \"principal\"), and " + Escape(principal_.id) +
                   " has no names of its own"
             : "no subject alternative name is asked for; at least one is needed, in the request "
               "or in the CSR (a common name is never read)");
  }
  if (names_.size() > x509::kNamesMax) {
    Deny("policy.name-count", kNamesField,
         std::to_string(names_.size()) + " names; " + std::to_string(x509::kNamesMax) + " at most");
    return;
  }
  for (const x509::GeneralName& name : names_) CheckName(name, profile);
  CheckSpiffe();
}

void Decision::CheckName(const x509::GeneralName& name, const Profile& profile) {
  if (!profile.name_kinds.contains(name.kind())) {
    std::vector<std::string> kinds;
    for (Kind kind : profile.name_kinds) kinds.push_back(KindWord(kind));
    Deny("policy.name-kind", kNamesField,
         Escape(name.ToString()) + ": profile \"" + profile.name + "\" allows names of kind " +
             List(kinds));
    return;
  }
  looked_at_.push_back(&name);
  const NameParts parts(name);
  if (IsDenied(parts)) return;
  if (const Rule* rule = First(allowing_, parts, Asked::kMatch)) {
    used_[rule].push_back(name);
    CheckControl(name, profile);
    return;
  }
  // Without any rule, "policy.principal" has said what is wrong.
  if (!allowing_.list.empty()) DenyName(name);
}

void Decision::CheckControl(const x509::GeneralName& name, const Profile& profile) {
  const x509::GeneralNames& controlled = evidence_.controlled;
  if (!profile.prove_control || std::ranges::find(controlled, name) != controlled.end()) return;
  Deny("policy.name-control", kNamesField,
       Escape(name.ToString()) + ": profile \"" + profile.name +
           "\" asks for a proof that the requester controls the name, and none came with this "
           "request; over gRPC none can");
}

// Whether a pattern with free parts fits.
bool Decision::Walks(const Candidate& candidate, const NameParts& name, Asked asked) const {
  for (const uint32_t at : index_.WalkedOf(candidate.number)) {
    const NamePattern& pattern = candidate.rule->names[at];
    if (candidate.claims.empty() && pattern.WalkMatches(name, nullptr)) return true;
    for (const Claims& claims : candidate.claims) {
      if (asked == Asked::kTouch ? pattern.WalkTouches(name, claims)
                                 : pattern.WalkMatches(name, &claims)) {
        return true;
      }
    }
  }
  return false;
}

// In the policy's order.
const Rule* Decision::First(const Candidates& candidates, const NameParts& name,
                            Asked asked) const {
  const auto found = index_.First(name.name, asked, candidates.is_about);
  for (const Candidate& candidate : candidates.list) {
    if (found && candidate.number >= *found) break;
    if (Walks(candidate, name, asked)) return candidate.rule;
  }
  return found ? &basis_.policy.rules[*found] : nullptr;
}

// Deny beats allow.
bool Decision::IsDenied(const NameParts& name) {
  const Rule* rule = First(denying_, name, Asked::kTouch);
  if (rule == nullptr) return false;
  used_[rule].push_back(name.name);
  Deny("policy.name-denied", kNamesField,
       Escape(name.name.ToString()) + " is denied to " + Escape(principal_.id) + " by rule \"" +
           rule->name + "\"");
  return true;
}

// The first patterns of a kind that the requester has, for refusals.
const std::string& Decision::GrantedOf(Kind kind) {
  const auto [known, is_new] = granted_.try_emplace(kind);
  if (!is_new) return known->second;
  std::vector<std::string> granted;
  for (const Candidate& candidate : allowing_.list) {
    for (const NamePattern& pattern : candidate.rule->names) {
      if (granted.size() > kHintsMax) break;
      if (pattern.kind() == kind) granted.push_back(pattern.text());
    }
  }
  known->second = granted.empty() ? "no names of this kind" : List(granted);
  return known->second;
}

// A pattern with "*" means names with another label there, not a name that has the star itself.
std::string WildcardHint(const x509::GeneralName& name) {
  if (name.kind() != Kind::kDns || !name.value().starts_with("*.")) return "";
  return "; a name with a star takes a pattern of its own, \"wildcard:" + Escape(name.value()) +
         "\"";
}

void Decision::DenyName(const x509::GeneralName& name) {
  Deny("policy.name", kNamesField,
       Escape(name.ToString()) + " is not granted to " + Escape(principal_.id) +
           " with profile \"" + Escape(wish_.profile, 64) +
           "\"; granted are: " + GrantedOf(name.kind()) + WildcardHint(name));
}

void Decision::CheckSpiffe() {
  size_t uris = 0, spiffe_ids = 0;
  for (const x509::GeneralName& name : names_) {
    if (name.kind() != Kind::kUri) continue;
    ++uris;
    if (name.value().starts_with(kSpiffeScheme)) ++spiffe_ids;
  }
  if (spiffe_ids == 0 || uris == 1) return;
  // SPIFFE X.509-SVID 2: verifiers reject a certificate with more than one URI.
  Deny("policy.spiffe-one-uri", kNamesField,
       "a certificate with a SPIFFE ID has exactly one URI; " + std::to_string(uris) +
           " are asked for");
}

void Decision::CheckLifetime(const Profile& profile) {
  Seconds lifetime = wish_.lifetime.value_or(profile.lifetime_default);
  if (lifetime >= Seconds(1) && lifetime <= profile.lifetime_max) return;
  Deny("policy.lifetime", "lifetime",
       DurationText(lifetime) + "; profile \"" + profile.name + "\" allows 1s to " +
           DurationText(profile.lifetime_max));
}

void Decision::CheckBlock(BlockKind kind, ByteSpan value, std::string_view field,
                          std::string what) {
  if (!basis_.blocks.contains(Block{kind, ToBytes(value)})) return;
  Deny("policy.blocked", field,
       std::move(what) + " is blocked; who runs the CA can lift the block");
}

std::vector<std::string> Decision::CheckIssuers(const std::vector<std::string>& pool) {
  std::vector<std::string> usable;
  for (const std::string& issuer : pool) {
    const Block block{BlockKind::kIssuer, ToBytes(AsBytes(issuer))};
    if (!basis_.blocks.contains(block)) usable.push_back(issuer);
  }
  if (!usable.empty()) return usable;
  for (const std::string& issuer : pool) {
    CheckBlock(BlockKind::kIssuer, AsBytes(issuer), "issuer", "issuer " + Escape(issuer, 64));
  }
  return usable;
}

void Decision::CheckBlocks() {
  CheckBlock(BlockKind::kKey, wish_.key_hash, "csr", "this public key");
  if (wish_.lineage) CheckBlock(BlockKind::kLineage, wish_.lineage->octets(), "lineage", "lineage");
  if (wish_.token) {
    CheckBlock(BlockKind::kEnrolmentToken, wish_.token->octets(), "token", "this enrolment token");
  }
  if (principal_.key_hash) {
    CheckBlock(BlockKind::kKey, *principal_.key_hash, "principal", "the requester's own key");
  }
  // Whoever is blocked may not ask for anything either, under whatever name.
  if (principal_.request_scope.starts_with(kLineageScope)) {
    auto own = Uuid::Parse(std::string_view(principal_.request_scope).substr(kLineageScope.size()));
    if (own && *own != wish_.lineage) {
      CheckBlock(BlockKind::kLineage, own->octets(), "principal", "the requester's lineage");
    }
  }
  x509::GeneralNames all = names_;
  all.insert(all.end(), principal_.names.begin(), principal_.names.end());
  for (const x509::GeneralName& name : x509::Normalize(std::move(all))) {
    std::string text = name.ToString();
    CheckBlock(BlockKind::kIdentity, AsBytes(text), kNamesField, Escape(text));
  }
}

std::string Decision::UsedRules() const {
  std::string names;
  for (const Candidate& candidate : allowing_.list) {
    if (used_.contains(candidate.rule)) names += (names.empty() ? "" : ",") + candidate.rule->name;
  }
  return names;
}

// Looks each name up once, however many rules there are.
Decision::Looks Decision::LookAtAll() const {
  Looks looks{{},
              std::vector<bool>(allowing_.is_about.size()),
              std::vector<bool>(denying_.is_about.size())};
  for (const x509::GeneralName* name : looked_at_) {
    index_.MarkAll(*name, Asked::kMatch, looks.matched);
    index_.MarkAll(*name, Asked::kTouch, looks.touched);
    looks.names.emplace_back(*name);
  }
  return looks;
}

// Of a rule that decided nothing.
RuleTrial::Outcome Decision::OutcomeOf(const Candidate& candidate, const Looks& looks) const {
  using Outcome = RuleTrial::Outcome;
  if (looks.names.empty()) return Outcome::kNoNameLooked;
  const bool denies = candidate.rule->effect == RuleEffect::kDeny;
  const Asked asked = denies ? Asked::kTouch : Asked::kMatch;
  const bool fits = (denies ? looks.touched : looks.matched)[candidate.number] ||
                    std::ranges::any_of(looks.names, [&](const NameParts& name) {
                      return Walks(candidate, name, asked);
                    });
  return fits ? Outcome::kOtherFirst : Outcome::kNoName;
}

std::vector<RuleTrial> Decision::Trials() const {
  using Outcome = RuleTrial::Outcome;
  const Looks looks = LookAtAll();
  std::vector<RuleTrial> trials;
  for (const Rule& rule : basis_.policy.rules) {
    RuleTrial trial{rule.name, rule.effect, Outcome::kNoName, {}};
    const bool denies = rule.effect == RuleEffect::kDeny;
    const auto& candidates = denies ? denying_.list : allowing_.list;
    const auto candidate = std::ranges::find(candidates, &rule, &Candidate::rule);
    if (const auto used = used_.find(&rule); used != used_.end()) {
      trial.outcome = denies ? Outcome::kDenies : Outcome::kGrants;
      trial.names = used->second;
    } else if (candidate != candidates.end()) {
      trial.outcome = OutcomeOf(*candidate, looks);
    } else {
      trial.outcome =
          MatchAny(rule.principals, principal_) ? Outcome::kOtherProfile : Outcome::kOtherPrincipal;
    }
    trials.push_back(std::move(trial));
  }
  return trials;
}

Status Decision::Verdict() {
  if (violations_.empty()) return Ok();
  Error error = Fail(ErrorCode::kPolicyDenied, violations_.front().rule,
                     "the policy does not grant this to " + Escape(principal_.id));
  error.violations = std::move(violations_);
  return error;
}

Error UnknownProfile(const DecisionBasis& basis, const Principal& principal,
                     const std::string& profile) {
  std::set<std::string> granted;
  for (const Rule& rule : basis.policy.rules) {
    if (rule.effect == RuleEffect::kAllow && MatchAny(rule.principals, principal)) {
      granted.insert(rule.profiles.begin(), rule.profiles.end());
    }
  }
  std::string hint = basis.policy_version == 0 ? "no policy has been activated yet"
                     : granted.empty()
                         ? "no rule names this principal"
                         : "profiles for this principal: " + List({granted.begin(), granted.end()});
  return Fail(ErrorCode::kUnknownProfile, "profile.unknown",
              "no profile \"" + Escape(profile, 64) + "\"; " + hint);
}

}  // namespace

Authorizer::Authorizer(std::shared_ptr<const DecisionBasis> basis)
    : basis_(std::move(basis)), index_(IndexOf(basis_->policy)) {}

Result<IssuanceGrant> Authorizer::Authorize(const Principal& principal, const IssuanceWish& wish,
                                            const Evidence& evidence) const {
  return Decide(principal, wish, evidence, Asking::kFirst, nullptr);
}

Result<IssuanceGrant> Authorizer::AuthorizeRenewal(const Principal& holder,
                                                   const IssuanceWish& wish) const {
  return Decide(holder, wish, kNoEvidence, Asking::kRenewal, nullptr);
}

Result<IssuanceGrant> Authorizer::AuthorizeEnrolment(const Enrolment& enrolment,
                                                     const IssuanceWish& wish) const {
  TRY_ASSIGN(IssuanceGrant grant,
             Decide(enrolment.enroller, wish, kNoEvidence, Asking::kEnrolment, nullptr));
  grant.principal_ = EnrolmentPrincipalId(enrolment.token);
  return grant;
}

Explanation Authorizer::Explain(const Principal& principal, const IssuanceWish& wish,
                                const Evidence& evidence) const {
  Explanation explanation{{}, {}, Fail(ErrorCode::kInternal, "", "")};
  explanation.verdict = Decide(principal, wish, evidence, Asking::kFirst, &explanation);
  return explanation;
}

Result<IssuanceGrant> Authorizer::Decide(const Principal& principal, const IssuanceWish& wish,
                                         const Evidence& evidence, Asking asking,
                                         Explanation* explanation) const {
  auto found = basis_->policy.profiles.find(wish.profile);
  // The responder's profile is never for asking, whatever a policy calls its own.
  if (basis_->policy_version == 0 || found == basis_->policy.profiles.end() ||
      wish.profile == kResponderProfileName) {
    if (explanation != nullptr) explanation->names = wish.names;
    return UnknownProfile(*basis_, principal, wish.profile);
  }
  const Profile& profile = found->second;
  const bool reflects = profile.names_from == NamesFrom::kPrincipal;
  const std::vector<std::string> pool =
      profile.issuers.empty() ? std::vector{wish.issuer} : profile.issuers;
  Decision decision(*basis_, *index_, principal, wish, evidence,
                    reflects ? principal.names : wish.names);
  switch (asking) {
    case Asking::kFirst:
      decision.CheckPrincipal();
      break;
    case Asking::kRenewal:
      decision.CheckRenewal(profile);
      break;
    case Asking::kEnrolment:
      decision.CheckEnrolment(profile, RequireListed(principal, kEnrollers));
      break;
  }
  decision.CheckNames(profile);
  decision.CheckLifetime(profile);
  std::vector<std::string> issuers = decision.CheckIssuers(pool);
  decision.CheckBlocks();
  if (explanation != nullptr) {
    explanation->trials = decision.Trials();
    explanation->names = decision.names();
  }
  TRY(decision.Verdict());

  IssuanceGrant grant;
  grant.profile_ = profile;
  grant.names_ = decision.names();
  grant.lifetime_ = wish.lifetime.value_or(profile.lifetime_default);
  grant.issuers_ = std::move(issuers);
  grant.principal_ = principal.id;
  grant.rule_ = decision.UsedRules();
  grant.policy_version_ = basis_->policy_version;
  grant.decision_ = basis_->decision;
  return grant;
}

Result<IssuanceGrant> Authorizer::AuthorizeResponder(const std::string& issuer,
                                                     const Hash256& key_hash,
                                                     Seconds lifetime) const {
  Principal system{ProofOfIdentity::kSystem, "system:ocsp", "system:ocsp", {}};
  IssuanceWish wish{.profile = std::string(kResponderProfileName),
                    .lifetime = lifetime,
                    .key_hash = key_hash,
                    .issuer = issuer};
  Decision decision(*basis_, *index_, system, wish, kNoEvidence, {});
  std::vector<std::string> issuers = decision.CheckIssuers({issuer});
  decision.CheckBlocks();
  TRY(decision.Verdict());

  IssuanceGrant grant;
  grant.profile_ = ResponderProfile(lifetime);
  grant.lifetime_ = lifetime;
  grant.issuers_ = std::move(issuers);
  grant.principal_ = system.id;
  grant.rule_ = std::string(kResponderProfileName);
  grant.policy_version_ = basis_->policy_version;
  grant.decision_ = basis_->decision;
  return grant;
}

Status Authorizer::RequireRole(const Principal& principal, Roles needed) const {
  const IssuanceWish nothing{};
  Decision decision(*basis_, *index_, principal, nothing, kNoEvidence, {});
  decision.CheckBlocks();
  TRY(decision.Verdict());
  return RequireListed(principal, needed);
}

}  // namespace mayfly::policy
