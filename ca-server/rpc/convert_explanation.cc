#include <string>
#include <utility>

#include "policy/lint_catalog.h"
#include "rpc/convert.h"

namespace mayfly::rpc {
namespace {

using Outcome = policy::RuleTrial::Outcome;

v1::RuleTrial::Outcome FromOutcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOtherPrincipal:
      return v1::RuleTrial::OUTCOME_OTHER_PRINCIPAL;
    case Outcome::kOtherProfile:
      return v1::RuleTrial::OUTCOME_OTHER_PROFILE;
    case Outcome::kNoName:
      return v1::RuleTrial::OUTCOME_NO_NAME;
    case Outcome::kOtherFirst:
      return v1::RuleTrial::OUTCOME_OTHER_FIRST;
    case Outcome::kNoNameLooked:
      return v1::RuleTrial::OUTCOME_NO_NAME_LOOKED_AT;
    case Outcome::kGrants:
      return v1::RuleTrial::OUTCOME_GRANTS;
    case Outcome::kDenies:
      return v1::RuleTrial::OUTCOME_DENIES;
  }
  return v1::RuleTrial::OUTCOME_UNSPECIFIED;
}

void FromTrial(const policy::RuleTrial& trial, v1::RuleTrial& message) {
  message.set_rule(trial.rule);
  message.set_outcome(FromOutcome(trial.outcome));
  for (const auto& name : trial.names) message.add_subject_alt_names(name.ToString());
}

void FromFinding(const Violation& violation, v1::Finding::Severity severity, v1::Finding& message) {
  message.set_rule(violation.rule);
  message.set_field(violation.field);
  message.set_message(violation.message);
  message.set_severity(severity);
  if (const auto* lint = policy::FindLintRule(violation.rule)) {
    message.set_clause(std::string(lint->clause));
  }
}

void FromLifetime(const issuance::LifetimeExplanation& lifetime, v1::LifetimeExplanation& message) {
  if (lifetime.requested) message.mutable_requested()->set_seconds(lifetime.requested->count());
  message.mutable_profile_default()->set_seconds(lifetime.profile_default.count());
  message.mutable_profile_max()->set_seconds(lifetime.profile_max.count());
  if (lifetime.granted) message.mutable_granted()->set_seconds(lifetime.granted->count());
  message.set_ends_with_issuer(lifetime.ends_with_issuer);
}

}  // namespace

Result<issuance::ExplainRequest> ToExplainRequest(const v1::ExplainIssuanceRequest& message,
                                                  policy::Principal principal) {
  v1::IssueCertificateRequest request;
  request.set_csr_der(message.csr_der());
  request.set_profile(message.profile());
  *request.mutable_subject_alt_names() = message.subject_alt_names();
  if (message.has_lifetime()) *request.mutable_lifetime() = message.lifetime();
  TRY_ASSIGN(auto wish, ToIssueRequest(request, std::move(principal)));
  issuance::ExplainRequest explain{std::move(wish), std::nullopt};
  const bool is_described =
      message.principal_claims_size() > 0 || message.principal_names_size() > 0;
  if (message.principal().empty() && !is_described) return explain;
  TRY_ASSIGN(auto names, ReadNames(message.principal_names(), "principal_names"));
  explain.as = {
      .id = message.principal().empty() ? explain.request.principal.id : message.principal(),
      .claims = {message.principal_claims().begin(), message.principal_claims().end()},
      .names = std::move(names)};
  return explain;
}

void FromExplanation(const issuance::IssuanceExplanation& explanation,
                     v1::ExplainIssuanceResponse& message) {
  message.set_granted(explanation.tbs.has_value());
  message.set_principal(explanation.principal);
  message.set_policy_version(static_cast<int64_t>(explanation.policy_version));
  for (const auto& name : explanation.names) message.add_subject_alt_names(name.ToString());
  for (const auto& trial : explanation.trials) FromTrial(trial, *message.add_rule_trials());
  for (const Violation& finding : explanation.findings) {
    FromFinding(finding, v1::Finding::SEVERITY_ERROR, *message.add_findings());
  }
  for (const Violation& warning : explanation.warnings) {
    FromFinding(warning, v1::Finding::SEVERITY_WARNING, *message.add_findings());
  }
  if (explanation.lifetime) FromLifetime(*explanation.lifetime, *message.mutable_lifetime());
  if (explanation.tbs) message.set_tbs_der(ToString(*explanation.tbs));
}

}  // namespace mayfly::rpc
