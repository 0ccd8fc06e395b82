#include "config/policy_file.h"

#include <algorithm>

#include "config/profile_section.h"
#include "config/strict_toml.h"
#include "config/words.h"
#include "policy/key_purpose.h"
#include "policy/lint_catalog.h"
#include "policy/pattern_index.h"
#include "policy/responder_profile.h"

namespace mayfly::config {
namespace {

using policy::NamePattern;
using policy::Policy;
using policy::PolicyText;
using policy::PrincipalPattern;
using policy::Rule;
using policy::RuleEffect;

void CheckLabel(Section& section, std::string_view key, const std::string& name) {
  if (name.empty() || IsLabel(name)) return;
  section.Complain(key, "config.name",
                   "\"" + Escape(name, 64) + "\" is not a name: 1 to 63 of a-z, 0-9 and \"-\"");
}

// What is in force is read whatever limits have come since, and whatever this server has.
struct Reading {
  PolicyText is;
  const IssuerNames* issuers;  // nullptr: not known here
};

// Only lint.size keeps a certificate from being larger, where the profile does not weigh it less.
void CheckExtensions(Section& section, const policy::Profile& profile) {
  const auto size = profile.lint.find("lint.size");
  const bool is_linted = size == profile.lint.end() || size->second == policy::Severity::kError;
  const size_t most =
      is_linted ? policy::kCustomExtensionsBytesMax : policy::kCustomExtensionsBytesUnlintedMax;
  size_t sum = 0;
  for (const x509::Extension& extension : profile.extensions) sum += extension.value.size();
  if (sum <= most) return;
  section.Complain("extension", "policy.extensions-size",
                   "the extensions have " + std::to_string(sum) + " octets, and " +
                       std::to_string(most) +
                       " leave room for any key and names; take some out, or make them shorter");
}

// Lint would refuse every certificate of such a profile, one after another.
void CheckUsages(Section& section, const policy::Profile& profile) {
  if (policy::SeverityOf("lint.usage-coherence", profile.lint) != policy::Severity::kError) return;
  if (profile.key_usages == 0) return;  // that has been complained of
  for (const der::Oid& purpose :
       policy::PurposesWithoutUsage(profile.key_usages, profile.extended_key_usages)) {
    section.Complain("key_usage", "policy.usage-coherence",
                     "key_usage has nothing that extended key usage " + purpose.Dotted() +
                         " is for (RFC 5280 4.2.1.12)");
  }
}

void CheckIssuers(Section& section, const policy::Profile& profile, const IssuerNames& issuers) {
  for (const std::string& issuer : profile.issuers) {
    if (issuers.contains(issuer)) continue;
    section.Complain(section.Has("issuers") ? "issuers" : "issuer", "policy.issuer-unknown",
                     "this server has no issuer \"" + Escape(issuer, 64) + "\"" +
                         DidYouMean(issuer, {issuers.begin(), issuers.end()}) +
                         "; add its [[issuer]] to the configuration of every replica first");
  }
}

void ReadProfiles(Section& root, const Reading& reading, Policy& policy) {
  for (auto& [name, section] : root.NamedSections("profile")) {
    CheckLabel(section, "lifetime", name);
    if (name.empty()) section.Complain("lifetime", "config.name", "a profile needs a name");
    if (name == policy::kResponderProfileName) {
      section.Complain("lifetime", "policy.reserved",
                       "\"" + name + "\" is the name of the built-in profile");
    }
    policy::Profile profile = ReadProfile(name, section);
    if (reading.is == PolicyText::kProposed) {
      CheckExtensions(section, profile);
      CheckUsages(section, profile);
      if (reading.issuers != nullptr) CheckIssuers(section, profile, *reading.issuers);
    }
    policy.profiles.emplace(name, std::move(profile));
  }
  if (policy.profiles.size() > policy::kProfilesMax) {
    root.Complain("profile", "config.range",
                  "more than " + std::to_string(policy::kProfilesMax) + " profiles");
  }
}

// Whom a list of principals may name.
enum class Whom : uint8_t { kExactly, kOrByPlaces, kOrEverybody };

// Ids are compared exactly, so that a misspelt one would be a rule that silently grants nothing.
std::vector<PrincipalPattern> ReadPrincipals(Section& section, std::string_view key, Whom whom,
                                             const std::vector<std::string>& ids) {
  std::vector<PrincipalPattern> principals;
  for (const std::string& id : ids) {
    auto pattern = PrincipalPattern::Parse(id);
    if (!pattern) {
      section.Complain(key, pattern.error().rule, pattern.error().message);
    } else if (pattern->is_everybody() && whom != Whom::kOrEverybody) {
      section.Complain(key, "policy.everybody",
                       "\"*\" is for rules with effect = \"deny\" only; name who is meant");
    } else if (pattern->has_places() && whom == Whom::kExactly) {
      section.Complain(key, "policy.principal",
                       std::string(key) + " are named exactly, without places");
    } else if (pattern->text() == "local:*" && whom == Whom::kExactly) {
      section.Complain(key, "policy.principal",
                       std::string(key) + " are named exactly: \"local:0\" is one user");
    } else if (pattern->is_every_subject() && whom == Whom::kExactly) {
      section.Complain(key, "policy.principal",
                       std::string(key) + " are named exactly, not \"every subject of an issuer\"");
    } else {
      principals.push_back(*std::move(pattern));
    }
  }
  return principals;
}

void ReadPatterns(Section& section, Rule& rule) {
  for (const auto& [word, kind] : NameKindWords()) {
    for (const std::string& text : section.StringsOrNone(word)) {
      Result<NamePattern> pattern = NamePattern::Parse(kind, text);
      if (pattern) {
        rule.names.push_back(*std::move(pattern));
      } else {
        section.Complain(word, pattern.error().rule, pattern.error().message);
      }
    }
  }
}

// A place that nothing fills would be a pattern that silently matches nothing. Which claims a token
// has is said by the server's configuration, which a policy does not know.
void CheckPlaces(Section& section, const Rule& rule) {
  if (std::ranges::any_of(rule.principals, &PrincipalPattern::has_token_claims)) return;
  std::set<std::string, std::less<>> given;
  for (const PrincipalPattern& principal : rule.principals) given.merge(principal.places());
  for (const NamePattern& pattern : rule.names) {
    for (const std::string& place : pattern.places()) {
      if (given.contains(place)) continue;
      section.Complain("principals", "policy.unknown-claim",
                       "\"{" + place + "}\" in " + Escape(pattern.text(), 128) +
                           " is given by no principal of this rule");
    }
  }
}

// SPIFFE X.509-SVID 3.1: the ID of a trust domain itself is no leaf's, and lint would refuse it.
void CheckSpiffeIds(Section& section, const Rule& rule) {
  for (const NamePattern& pattern : rule.names) {
    const std::string& text = pattern.text();
    if (pattern.kind() != x509::GeneralName::Kind::kUri ||
        !text.starts_with(policy::kSpiffeScheme) ||
        text.find('/', policy::kSpiffeScheme.size()) != std::string::npos) {
      continue;
    }
    section.Complain("uri", "policy.pattern",
                     "\"" + Escape(text, 128) +
                         "\" is a trust domain; the SPIFFE ID of a certificate has a path");
  }
}

void CheckPatterns(Section& section, const Rule& rule) {
  auto has = [&section](const auto& word) { return !section.StringsOrNone(word.first).empty(); };
  if (rule.effect == RuleEffect::kAllow && std::ranges::none_of(NameKindWords(), has)) {
    section.Complain("name", "policy.rule-empty",
                     "a rule needs at least one of \"dns\", \"ip\", \"uri\" and \"email\": it "
                     "grants no name");
  }
  if (rule.names.size() > policy::kPatternsPerRuleMax) {
    section.Complain("name", "config.range",
                     "more than " + std::to_string(policy::kPatternsPerRuleMax) + " patterns");
  }
  CheckPlaces(section, rule);
}

void CheckProfilesExist(Section& section, const Rule& rule, const Policy& policy) {
  std::vector<std::string> known;
  for (const auto& [name, profile] : policy.profiles) known.push_back(name);
  for (const std::string& name : rule.profiles) {
    if (policy.profiles.contains(name)) continue;
    section.Complain("profiles", "policy.unknown-profile",
                     "no profile \"" + Escape(name, 64) + "\"" + DidYouMean(name, known));
  }
}

Rule ReadRule(Section section, const Policy& policy, PolicyText is) {
  Rule rule;
  rule.name = section.String("name");
  CheckLabel(section, "name", rule.name);
  auto has_name = [&rule](const Rule& other) { return other.name == rule.name; };
  if (!rule.name.empty() && std::any_of(policy.rules.begin(), policy.rules.end(), has_name)) {
    section.Complain("name", "config.duplicate",
                     "another rule is called \"" + Escape(rule.name, 64) + "\"");
  }
  static const Words<RuleEffect> kEffects = {{"allow", RuleEffect::kAllow},
                                             {"deny", RuleEffect::kDeny}};
  auto effect = ReadWord(section, "effect", section.StringOr("effect", "allow"), kEffects);
  rule.effect = effect.value_or(RuleEffect::kAllow);
  const bool denies = rule.effect == RuleEffect::kDeny;
  rule.principals =
      ReadPrincipals(section, "principals", denies ? Whom::kOrEverybody : Whom::kOrByPlaces,
                     section.Strings("principals"));
  // Without "profiles" a denial is about all of them.
  std::vector<std::string> profiles =
      denies ? section.StringsOrNone("profiles") : section.Strings("profiles");
  rule.profiles = {profiles.begin(), profiles.end()};
  CheckProfilesExist(section, rule, policy);
  ReadPatterns(section, rule);
  CheckPatterns(section, rule);
  if (is == PolicyText::kProposed) CheckSpiffeIds(section, rule);
  return rule;
}

void ReadRules(Section& root, Policy& policy, PolicyText is) {
  std::vector<Section> sections = root.Sections("rule");
  if (sections.size() > policy::kRulesMax) {
    root.Complain("rule", "config.range",
                  "more than " + std::to_string(policy::kRulesMax) + " rules");
    return;
  }
  for (Section& section : sections) policy.rules.push_back(ReadRule(section, policy, is));
}

// A decision must not take long, whoever may ask for it: a hundred names, at any time.
void CheckWalk(Section& root, const Policy& policy) {
  size_t parts = 0;
  const Rule* most = nullptr;
  size_t parts_of_most = 0;
  for (const Rule& rule : policy.rules) {
    const size_t of_rule = policy::PatternIndex::WalkedParts(rule);
    parts += of_rule;
    if (of_rule > parts_of_most) {
      parts_of_most = of_rule;
      most = &rule;
    }
  }
  if (parts <= policy::kWalkedPartsMax) return;
  root.Complain("rule", "policy.size",
                "patterns with places, URIs with \"*\" and principals with places have " +
                    std::to_string(parts) + " parts to compare, and " +
                    std::to_string(policy::kWalkedPartsMax) + " at most may; rule \"" +
                    Escape(most->name, 64) + "\" has " + std::to_string(parts_of_most) +
                    ". Say more with one pattern, name fewer principals with places in one rule, "
                    "or write names out: those cost nothing");
}

// A policy without admins could be replaced on the CA's own machine only.
void CheckAdmins(Section& root, const std::vector<std::string>& admins) {
  if (!admins.empty()) return;
  root.Complain("admins", "policy.admins",
                "name at least one admin, e.g. admins = [\"spiffe://mayfly.internal/admin\"]: only "
                "admins bring the next policy into force");
}

// Only who has a certificate of this CA can call for an approval.
bool CanApprove(const PrincipalPattern& admin) {
  constexpr std::string_view kOthers[] = {"jwt:", "local:", "foreign:"};
  return std::ranges::none_of(
      kOthers, [&](std::string_view kind) { return admin.text().starts_with(kind); });
}

// With a single admin nothing that needs two persons could ever be done, not even undoing this.
void ReadTwoPersons(Section& root, PolicyText is, Policy& policy) {
  Words<policy::ProposalKind> kinds;
  for (const auto kind : policy::kProposalKinds) kinds.emplace_back(ProposalWord(kind), kind);
  for (const std::string& word : root.StringsOrNone("two_persons")) {
    if (const auto kind = ReadWord(root, "two_persons", word, kinds)) {
      policy.two_persons.insert(*kind);
    }
  }
  std::set<std::string> approvers;
  for (const PrincipalPattern& admin : policy.admins) {
    if (CanApprove(admin)) approvers.insert(admin.text());
  }
  if (is == PolicyText::kInForce || policy.two_persons.empty() || approvers.size() > 1) return;
  root.Complain("two_persons", "policy.two-persons",
                "two persons are needed, and fewer than two admins have certificates of this CA: "
                "name another one under \"admins\"");
}

void ReadRoles(Section& root, PolicyText is, Policy& policy) {
  const std::vector<std::string> admins = root.StringsOrNone("admins");
  if (is == PolicyText::kProposed) CheckAdmins(root, admins);
  policy.admins = ReadPrincipals(root, "admins", Whom::kExactly, admins);
  auto members = [&root](std::string_view key) {
    return ReadPrincipals(root, key, Whom::kExactly, root.StringsOrNone(key));
  };
  policy.operators = members("operators");
  policy.auditors = members("auditors");
  policy.enrollers = members("enrollers");
  ReadTwoPersons(root, is, policy);
}

Result<Policy> Parse(std::string_view text, std::string source_name, const Reading& reading) {
  TRY_ASSIGN(Document document, Document::Parse(text, std::move(source_name)));
  Section root = document.root();
  Policy policy;
  ReadRoles(root, reading.is, policy);
  ReadProfiles(root, reading, policy);
  ReadRules(root, policy, reading.is);
  if (reading.is == PolicyText::kProposed) CheckWalk(root, policy);
  TRY(document.Finish());
  policy.index = std::make_shared<const policy::PatternIndex>(policy.rules);
  return policy;
}

}  // namespace

Result<Policy> ParsePolicy(std::string_view text, std::string source_name, PolicyText is) {
  return Parse(text, std::move(source_name), {is, nullptr});
}

Result<Policy> ParsePolicyFor(const IssuerNames& issuers, std::string_view text,
                              std::string source_name, PolicyText is) {
  return Parse(text, std::move(source_name), {is, &issuers});
}

}  // namespace mayfly::config
