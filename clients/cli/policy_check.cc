// `mayfly policy test`: expected decisions against a policy file, with the server's own Authorizer
// and without a server.
#include "clients/cli/error_text.h"
#include "clients/cli/policy_cases.h"
#include "clients/cli/render.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/files.h"
#include "config/policy_file.h"

namespace mayfly::cli {
namespace {

struct Tested {
  std::vector<PolicyCase> cases;
  std::vector<CaseResult> results;
  size_t wrong = 0;
};

// A file that cannot be read is a wrong setting here, not a case that does not hold.
Result<Bytes> ReadText(const std::string& path) {
  auto text = client::ReadFile(path);
  if (!text) return Fail(ErrorCode::kConfiguration, text.error().rule, text.error().message);
  return text;
}

Result<Tested> Test(const PolicyTestOptions& options) {
  TRY_ASSIGN(const Bytes policy_text, ReadText(options.policy));
  TRY_ASSIGN(const auto policy, config::ParsePolicy(AsText(policy_text), options.policy));
  TRY_ASSIGN(const Bytes cases_text, ReadText(options.cases));
  Tested tested;
  TRY_ASSIGN(tested.cases, ParsePolicyCases(AsText(cases_text), options.cases));
  for (const PolicyCase& each : tested.cases) {
    tested.results.push_back(Decide(policy, each));
    if (!tested.results.back().wrong.empty()) ++tested.wrong;
  }
  return tested;
}

// Lines of `text` below a case, each indented.
std::string Below(const std::string& text) {
  std::string out;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string lead = begin == 0 ? "        " : "        - ";
    out += lead + Wrap(Escape(text.substr(begin, end - begin), 512), 10, lead.size()) + "\n";
    begin = end + 1;
  }
  return out;
}

std::string TableOf(const Tested& tested) {
  std::string out;
  for (size_t i = 0; i < tested.cases.size(); ++i) {
    const std::vector<std::string>& wrong = tested.results[i].wrong;
    out += (wrong.empty() ? "ok      " : "WRONG   ") + Escape(tested.cases[i].name, 200) + "\n";
    for (const std::string& text : wrong) out += Below(text);
  }
  return out;
}

Json DocumentOf(const PolicyCase& expected, const CaseResult& result) {
  Json json;
  json["name"] = expected.name;
  json["holds"] = result.wrong.empty();
  json["expected"] = VerdictText(expected.expect);
  json["decision"] = VerdictText(result.verdict);
  json["rule"] = result.rule;
  if (result.lifetime) json["lifetime_seconds"] = result.lifetime->count();
  for (const Violation& finding : result.findings) {
    json["findings"].push_back(
        {{"rule", finding.rule}, {"field", finding.field}, {"message", finding.message}});
  }
  return json;
}

Answer AnswerOf(const Tested& tested) {
  Answer answer;
  answer.table = TableOf(tested);
  for (size_t i = 0; i < tested.cases.size(); ++i) {
    answer.lines.push_back(DocumentOf(tested.cases[i], tested.results[i]));
  }
  answer.document["cases"] = answer.lines;
  answer.document["holding"] = tested.cases.size() - tested.wrong;
  answer.document["wrong"] = tested.wrong;
  return answer;
}

}  // namespace

ExitCode PolicyTest(const Invocation& invocation, const PolicyTestOptions& options) {
  const auto tested = Test(options);
  if (!tested) return Report(invocation, "nothing was tested", tested.error());
  Print(invocation, AnswerOf(*tested));
  Note(invocation, std::to_string(tested->cases.size()) +
                       " cases: " + std::to_string(tested->cases.size() - tested->wrong) +
                       " hold, " + std::to_string(tested->wrong) + " wrong.");
  return tested->wrong == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace mayfly::cli
