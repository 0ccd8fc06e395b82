// Every request of tests/golden/csr/corpus.jsonl is refused by the rule that its defect breaks, and
// its twin without the defect is accepted.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "golden.h"
#include "x509/proven_key.h"

namespace mayfly::x509 {
namespace {

constexpr size_t kCasesMin = 300;

struct Case {
  std::string id;
  std::string rule;
  KeyRules rules;
  Bytes csr;
  Bytes twin;
};

KeyRules RulesOf(const std::string& profile) {
  if (profile == "default-keys") return {};
  EXPECT_EQ(profile, "every-key");
  return {.allowed = {KeyType::kEcP256, KeyType::kEcP384, KeyType::kEcP521, KeyType::kEd25519,
                      KeyType::kRsa}};
}

std::vector<Case> Corpus() {
  std::ifstream file(std::string(MAYFLY_SOURCE_DIR) + "/tests/golden/csr/corpus.jsonl");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    const auto entry = nlohmann::json::parse(line);
    cases.push_back({entry.at("id"), entry.at("rule"), RulesOf(entry.at("profile")),
                     *FromBase64(entry.at("csr").get<std::string>()),
                     *FromBase64(entry.at("twin").get<std::string>())});
  }
  return cases;
}

std::string RefusingRule(ByteSpan csr, const KeyRules& rules) {
  auto request = CertificationRequest::FromDer(csr);
  return request ? RuleOf(ProvenKey::FromRequest(*request, rules)) : request.error().rule;
}

TEST(Corpus, EachDefectHasItsRuleAndItsTwinHasNone) {
  const std::vector<Case> corpus = Corpus();
  EXPECT_GE(corpus.size(), kCasesMin);
  for (const Case& one : corpus) {
    EXPECT_EQ(RefusingRule(one.csr, one.rules), one.rule) << one.id;
    EXPECT_EQ(RefusingRule(one.twin, one.rules), "") << "the twin of " << one.id;
  }
}

}  // namespace
}  // namespace mayfly::x509
