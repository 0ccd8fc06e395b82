// `mayfly explain`: what would become of a request, so that a person knows what to change.
#include <algorithm>

#include "clients/cli/error_text.h"
#include "clients/cli/render.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/names.h"
#include "x509/tbs_certificate.h"

namespace mayfly::cli {
namespace {

namespace v1 = ::mayfly::ca::v1;
using Trial = v1::RuleTrial;

constexpr size_t kNamesColumns = 60;
constexpr size_t kRulesShownMax = 20;  // of those that decide nothing

std::string NamesOf(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return names.empty() ? "none" : NamesText(EscapedNames(names), kNamesColumns);
}

// Why a rule that is about the requester and the profile was asked about no name.
std::string WhyNoName(const v1::ExplainIssuanceResponse& told) {
  if (told.subject_alt_names().empty()) return "; there is no name to look at";
  const bool too_many = std::ranges::any_of(told.findings(), [](const v1::Finding& finding) {
    return finding.rule() == "policy.name-count";
  });
  return too_many ? "; there are too many names, and none was looked at"
                  : ", which allows none of these kinds of names";
}

// `whom`: "you", or "them" of somebody else.
std::string SaidBy(const Trial& trial, const v1::ExplainIssuanceResponse& told,
                   const std::string& whom) {
  switch (trial.outcome()) {
    case Trial::OUTCOME_OTHER_PRINCIPAL:
      return "is about other requesters";
    case Trial::OUTCOME_OTHER_PROFILE:
      return "is about " + whom + ", and about other profiles";
    case Trial::OUTCOME_NO_NAME:
      return "is about " + whom + " and this profile, and has none of the names";
    case Trial::OUTCOME_OTHER_FIRST:
      return "has some of the names too; other rules decided about them";
    case Trial::OUTCOME_NO_NAME_LOOKED_AT:
      return "is about " + whom + " and this profile" + WhyNoName(told);
    case Trial::OUTCOME_GRANTS:
      return "grants " + NamesOf(trial.subject_alt_names());
    case Trial::OUTCOME_DENIES:
      return "denies " +
             (trial.subject_alt_names().empty() ? "it" : NamesOf(trial.subject_alt_names()));
    default:
      return "says what this program is too old for";
  }
}

// Those that decide are always shown; of the others, those that are about the requester first.
std::string RulesText(const v1::ExplainIssuanceResponse& told, const std::string& whom) {
  std::string out;
  size_t shown = 0, left_out = 0;
  for (const Trial& trial : told.rule_trials()) {
    const bool decides =
        trial.outcome() == Trial::OUTCOME_GRANTS || trial.outcome() == Trial::OUTCOME_DENIES;
    if (!decides && shown++ >= kRulesShownMax) {
      ++left_out;
      continue;
    }
    out +=
        "  " + Wrap("- " + Escape(trial.rule(), 64) + " " + SaidBy(trial, told, whom), 4, 2) + "\n";
  }
  if (left_out > 0) out += "  - and " + std::to_string(left_out) + " more, which decide nothing\n";
  return out;
}

std::string FindingsText(const v1::ExplainIssuanceResponse& told) {
  std::string out;
  for (const v1::Finding& finding : told.findings()) {
    const bool refuses = finding.severity() == v1::Finding::SEVERITY_ERROR;
    std::string line = refuses ? "- " : "- noted only: ";
    line += Escape(finding.message(), 1024) + " [" + Escape(finding.rule(), 64) + "]";
    if (!finding.clause().empty()) line += " (" + Escape(finding.clause(), 64) + ")";
    out += "  " + Wrap(line, 4, 2) + "\n";
  }
  return out;
}

Seconds SpanOf(const google::protobuf::Duration& span) { return Seconds(span.seconds()); }

std::string LifetimeText(const v1::LifetimeExplanation& lifetime) {
  const std::string longest = SpanText(SpanOf(lifetime.profile_max()));
  const std::string wanted =
      lifetime.has_requested()
          ? SpanText(SpanOf(lifetime.requested())) + ", as asked for"
          : SpanText(SpanOf(lifetime.profile_default())) + ", the profile's default";
  const std::string most = "; " + longest + " at most may be asked for";
  if (!lifetime.ends_with_issuer()) return wanted + most;
  return SpanText(SpanOf(lifetime.granted())) +
         ", shortened to the end of the issuer's own; else " + wanted + most;
}

Result<std::string> CertificateText(const std::string& tbs_der) {
  TRY_ASSIGN(const auto tbs, x509::TbsCertificate::FromDer(ToBytes(AsBytes(tbs_der))));
  const x509::Validity& validity = tbs.fields().validity;
  return Line("not before", TimeText(validity.not_before())) +
         Line("not after", TimeText(validity.not_after())) +
         Line("issuer", tbs.fields().issuer.ToString());
}

// What was said of who would ask, beside their id.
std::string AssumedText(const ExplainOptions& options) {
  std::string out;
  for (const std::string& claim : options.as_claims) out += Line("with claim", Escape(claim, 300));
  for (const std::string& name : options.as_names) out += Line("with name", Escape(name, 300));
  return out;
}

// What somebody else's answer could still turn on.
std::string AssumedNote(const ExplainOptions& options) {
  std::string note =
      "Decided for who is described here: blocks of their own key and lineage took no part";
  if (!options.as.starts_with("jwt:") || !options.as_claims.empty()) return note + ".";
  return note +
         ", nor did the claims of their token, of which nothing was said (--as-claim NAME=VALUE): "
         "a pattern with a place for one fits nothing.";
}

Result<Answer> AnswerOf(const v1::ExplainIssuanceResponse& told, const ExplainOptions& options) {
  Answer answer;
  answer.document = ToJson(told);
  answer.table = Line("verdict", told.granted() ? "would be issued" : "would be refused") +
                 Line("asked by", Escape(told.principal(), 300)) + AssumedText(options) +
                 Line("profile", Escape(options.profile, 64));
  // Of a request that could not be read nobody knows the names.
  if (told.subject_alt_names_size() > 0 || told.rule_trials_size() > 0) {
    answer.table += Line("names", NamesOf(told.subject_alt_names()));
  }
  if (told.has_lifetime()) {
    answer.table +=
        Line("lifetime", Wrap(LifetimeText(told.lifetime()), kLabelColumns, kLabelColumns));
  }
  if (told.granted()) {
    TRY_ASSIGN(const std::string certificate, CertificateText(told.tbs_der()));
    answer.table += certificate;
  }
  if (told.findings_size() > 0) answer.table += "\nFindings:\n" + FindingsText(told);
  if (told.rule_trials_size() > 0) {
    answer.table += "\nThe rules of policy version " + std::to_string(told.policy_version()) +
                    ", in their order:\n" + RulesText(told, options.as.empty() ? "you" : "them");
  }
  if (!options.as.empty()) answer.table += "\n" + Wrap(AssumedNote(options), 0, 0) + "\n";
  return answer;
}

Result<client::AssumedPrincipal> AssumedOf(const ExplainOptions& options) {
  client::AssumedPrincipal as{.id = options.as};
  for (const std::string& text : options.as_claims) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Fail(ErrorCode::kInvalidArgument, "cli.claim",
                  "--as-claim \"" + Escape(text, 64) + "\" is not of the form NAME=VALUE");
    }
    as.claims.insert_or_assign(text.substr(0, equals), text.substr(equals + 1));
  }
  TRY_ASSIGN(as.names, client::ParseNames(options.as_names));
  return as;
}

}  // namespace

ExitCode Explain(const Invocation& invocation, const ExplainOptions& options) {
  constexpr std::string_view kWhat = "nothing was explained";
  const auto wish = MakeWish(options);
  if (!wish) return Report(invocation, kWhat, wish.error());
  const auto as = AssumedOf(options);
  if (!as) return Report(invocation, kWhat, as.error());
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto told = (*client)->Explain(wish->wish, *as);
  if (!told) return Report(invocation, kWhat, told.error());
  const auto answer = AnswerOf(*told, options);
  if (!answer) return Report(invocation, "cannot show the explanation", answer.error());
  Print(invocation, *answer);
  return told->granted() ? ExitCode::kOk : ExitCode::kDenied;
}

}  // namespace mayfly::cli
