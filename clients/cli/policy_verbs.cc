// `mayfly policy show` and `mayfly policy apply`.
#include <charconv>

#include "clients/cli/proposals.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/files.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kNotApplied = "the policy was not applied";
constexpr std::string_view kTextField = "policy_text:";  // as the API names the lines of a text

// The API's "policy_text:7" is line 7 of the file.
Error WithFile(Error error, const std::string& file) {
  for (Violation& violation : error.violations) {
    if (!violation.field.starts_with(kTextField)) continue;
    violation.field = file + violation.field.substr(kTextField.size() - 1);
  }
  return error;
}

// Nothing: go on.
std::optional<ExitCode> Ask(const Invocation& invocation, const ca::v1::Policy& in_force,
                            const std::string& text) {
  Tell(invocation, PolicyChangeText(in_force, text));
  return Confirm(invocation, "Apply it?", kNotApplied);
}

Result<std::optional<int64_t>> ReadVersion(const std::string& text) {
  if (text.empty()) return std::optional<int64_t>();
  int64_t version = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (problem == std::errc() && end == text.data() + text.size() && version >= 0) {
    return std::optional(version);
  }
  return Usage("cli.version", "--if-version is a number, as mayfly policy show says it");
}

}  // namespace

ExitCode PolicyShow(const Invocation& invocation) {
  constexpr std::string_view kWhat = "cannot show the policy";
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto policy = (*client)->Policy();
  if (!policy) return Report(invocation, kWhat, policy.error());
  Answer answer;
  answer.table = policy->policy_text();
  answer.document = ToJson(*policy);
  Print(invocation, answer);
  Note(invocation, "Version " + std::to_string(policy->version()) + ".");
  return ExitCode::kOk;
}

ExitCode PolicyApply(const Invocation& invocation, const PolicyApplyOptions& options) {
  auto base_version = ReadVersion(options.if_version);
  if (!base_version) return Report(invocation, kNotApplied, base_version.error());
  const auto text = client::ReadFile(options.file);
  if (!text) return Report(invocation, kNotApplied, text.error());
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kNotApplied, client.error());
  if (!options.yes) {
    const auto in_force = (*client)->Policy();
    if (!in_force) return Report(invocation, kNotApplied, in_force.error());
    const bool is_news = in_force->policy_text() != AsText(*text);
    if (is_news) {
      if (const auto end = Ask(invocation, *in_force, ToString(*text))) return *end;
    }
    if (!*base_version) *base_version = in_force->version();
  }
  const auto applied = (*client)->ApplyPolicy(ToString(*text), *base_version);
  if (!applied) return Report(invocation, kNotApplied, WithFile(applied.error(), options.file));
  Answer answer;
  answer.document = ToJson(*applied);
  answer.table = "version " + std::to_string(applied->version()) + "\n";
  Print(invocation, answer);
  Note(invocation,
       applied->already_in_force()
           ? "It was in force already; nothing changed."
           : "In force on every replica: nothing is issued under an older one any more.");
  return ExitCode::kOk;
}

ExitCode PolicyPropose(const Invocation& invocation, const PolicyProposeOptions& options) {
  constexpr std::string_view kNotProposed = "nothing was proposed";
  const auto text = client::ReadFile(options.file);
  if (!text) return Report(invocation, kNotProposed, text.error());
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kNotProposed, client.error());
  const auto in_force = (*client)->Policy();
  if (!in_force) return Report(invocation, kNotProposed, in_force.error());
  Tell(invocation, PolicyChangeText(*in_force, ToString(*text)));
  ca::v1::CreateProposalRequest request;
  request.mutable_policy_change()->set_policy_text(ToString(*text));
  request.mutable_policy_change()->set_base_version(in_force->version());
  const auto proposal = (*client)->Propose(request);
  if (!proposal) return Report(invocation, kNotProposed, WithFile(proposal.error(), options.file));
  return PrintProposed(invocation, *proposal);
}

}  // namespace mayfly::cli
