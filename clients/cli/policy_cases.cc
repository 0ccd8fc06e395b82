#include "clients/cli/policy_cases.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "clients/cli/render.h"
#include "clients/cpp/names.h"
#include "config/strict_toml.h"
#include "config/words.h"
#include "policy/principal_text.h"

namespace mayfly::cli {
namespace {

using config::Section;

x509::GeneralNames ReadNames(Section& section, std::string_view key) {
  x509::GeneralNames names;
  for (const std::string& text : section.StringsOrNone(key)) {
    auto name = client::ParseName(text);
    if (name) {
      names.push_back(*std::move(name));
    } else {
      section.Complain(key, name.error().rule, name.error().message);
    }
  }
  return names;
}

// What a token says beside its subject, for places in patterns.
policy::Claims ReadClaims(Section& section) {
  policy::Claims read;
  auto claims = section.OptionalSub("claims");
  if (!claims) return read;
  for (const std::string& name : claims->Keys()) {
    read.insert_or_assign(name, claims->String(name));
  }
  return read;
}

void ReadPrincipal(Section& section, PolicyCase& out) {
  const policy::PrincipalDescription described{.id = section.String("principal"),
                                               .claims = ReadClaims(section),
                                               .names = ReadNames(section, "principal_names")};
  if (described.id.empty()) return;
  auto principal = policy::DescribedPrincipal(described);
  if (principal) {
    out.principal = *std::move(principal);
    return;
  }
  const std::string& rule = principal.error().rule;
  const std::string_view key = rule == "principal.claims"  ? "claims"
                               : rule == "principal.names" ? "principal_names"
                                                           : "principal";
  section.Complain(key, rule, principal.error().message);
}

std::optional<Seconds> ReadSpan(Section& section, std::string_view key) {
  if (!section.Has(key)) return std::nullopt;
  return section.Duration(key);
}

void ReadKey(Section& section, PolicyCase& out) {
  static const config::Words<x509::KeyType> kTypes = {{"ec-p256", x509::KeyType::kEcP256},
                                                      {"ec-p384", x509::KeyType::kEcP384},
                                                      {"ec-p521", x509::KeyType::kEcP521},
                                                      {"ed25519", x509::KeyType::kEd25519},
                                                      {"rsa", x509::KeyType::kRsa}};
  if (const auto word = section.OptionalString("key")) {
    out.key = config::ReadWord(section, "key", *word, kTypes);
  }
}

// A denial for another reason than the expected one is a hole that the case does not see.
void ReadExpectation(Section& section, PolicyCase& out) {
  static const config::Words<Verdict> kVerdicts = {{"allow", Verdict::kAllow},
                                                   {"deny", Verdict::kDeny}};
  const auto verdict = config::ReadWord(section, "expect", section.String("expect"), kVerdicts);
  out.expect = verdict.value_or(Verdict::kAllow);
  out.rule = section.StringOr("rule", "");
  out.granted_lifetime = ReadSpan(section, "granted_lifetime");
  if (verdict != Verdict::kDeny) return;
  if (out.rule.empty()) {
    section.Complain("expect", "cases.rule",
                     "a denial needs the rule that is to refuse, like rule = \"policy.name\"");
  }
  if (out.granted_lifetime) {
    section.Complain("granted_lifetime", "cases.lifetime", "a denial grants no lifetime");
  }
}

PolicyCase ReadCase(Section& section) {
  PolicyCase out;
  out.name = section.String("name");
  ReadPrincipal(section, out);
  out.wish.profile = section.String("profile");
  out.wish.names = ReadNames(section, "names");
  out.evidence.controlled = ReadNames(section, "controlled");
  out.wish.lifetime = ReadSpan(section, "lifetime");
  ReadKey(section, out);
  ReadExpectation(section, out);
  return out;
}

Result<policy::IssuanceGrant> Ask(const policy::Policy& policy, const PolicyCase& asked) {
  auto basis = std::make_shared<policy::DecisionBasis>();
  basis->decision = 1;
  basis->policy_version = 1;
  basis->policy = policy;
  return policy::Authorizer(std::move(basis))
      .Authorize(asked.principal, asked.wish, asked.evidence);
}

CaseResult Denied(const Error& error) {
  CaseResult result{Verdict::kDeny, error.rule, std::nullopt, error.violations, {}};
  if (result.findings.empty()) result.findings.push_back({error.rule, "", error.message});
  return result;
}

CaseResult Decision(const policy::Policy& policy, const PolicyCase& asked) {
  const auto grant = Ask(policy, asked);
  if (!grant) return Denied(grant.error());
  if (asked.key && !grant->profile().key_rules.allowed.contains(*asked.key)) {
    return Denied(Fail(ErrorCode::kKeyRejected, "key.type",
                       "profile \"" + grant->profile().name + "\" does not allow keys of type " +
                           std::string(x509::KeyTypeName(*asked.key))));
  }
  return {Verdict::kAllow, grant->rule(), grant->lifetime(), {}, {}};
}

bool Refused(const CaseResult& result, const std::string& rule) {
  return result.rule == rule ||
         std::ranges::any_of(result.findings, [&](const auto& f) { return f.rule == rule; });
}

std::string Told(const CaseResult& result) {
  if (result.verdict == Verdict::kAllow) {
    return "it is allowed by rule " + result.rule + " for " + SpanText(*result.lifetime);
  }
  std::string text = "it is denied";
  for (const Violation& finding : result.findings) {
    text += "\n" + finding.message + " [" + finding.rule + "]";
  }
  return text;
}

}  // namespace

std::string VerdictText(Verdict verdict) { return verdict == Verdict::kAllow ? "allow" : "deny"; }

Result<std::vector<PolicyCase>> ParsePolicyCases(std::string_view text, std::string source_name) {
  TRY_ASSIGN(auto document, config::Document::Parse(text, std::move(source_name)));
  Section root = document.root();
  std::vector<PolicyCase> cases;
  std::set<std::string> names;
  std::vector<Section> sections = root.Sections("case");
  if (sections.empty() || sections.size() > kPolicyCasesMax) {
    root.Complain("case", "cases.count",
                  std::to_string(sections.size()) + " of [[case]]; 1 to " +
                      std::to_string(kPolicyCasesMax) + " are needed");
  }
  for (Section& section : sections) {
    cases.push_back(ReadCase(section));
    if (!names.insert(cases.back().name).second) {
      section.Complain("name", "cases.name",
                       "another case is called \"" + Escape(cases.back().name, 64) + "\"");
    }
  }
  TRY(document.Finish());
  return cases;
}

CaseResult Decide(const policy::Policy& policy, const PolicyCase& expected) {
  CaseResult result = Decision(policy, expected);
  if (result.verdict != expected.expect) {
    result.wrong.push_back("expected " + VerdictText(expected.expect) + ", but " + Told(result));
  } else if (expected.expect == Verdict::kDeny) {
    if (!Refused(result, expected.rule)) {
      result.wrong.push_back("expected to be refused by " + expected.rule + ", but " +
                             Told(result));
    }
  } else {
    if (!expected.rule.empty() && result.rule != expected.rule) {
      result.wrong.push_back("expected rule " + expected.rule + " to grant it, but rule " +
                             result.rule + " does");
    }
    if (expected.granted_lifetime && result.lifetime != expected.granted_lifetime) {
      result.wrong.push_back("expected a lifetime of " + SpanText(*expected.granted_lifetime) +
                             ", but it is " + SpanText(*result.lifetime));
    }
  }
  return result;
}

}  // namespace mayfly::cli
