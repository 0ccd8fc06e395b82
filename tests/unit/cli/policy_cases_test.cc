#include "clients/cli/policy_cases.h"

#include <gtest/gtest.h>

#include <set>

#include "config/policy_file.h"

namespace mayfly::cli {
namespace {

constexpr char kGood[] = R"([[case]]
name = "one"
principal = "dns:web.internal"
profile = "server"
expect = "allow"
)";

std::set<std::string> RulesOf(const Error& error) {
  std::set<std::string> rules;
  for (const Violation& violation : error.violations) rules.insert(violation.rule);
  return rules;
}

TEST(PolicyCases, ReadWhatIsAskedForAndExpected) {
  const auto cases = ParsePolicyCases(std::string(kGood) +
                                          "names = [\"web.internal\", \"IP:10.0.0.7\"]\n"
                                          "lifetime = \"24h\"\nkey = \"rsa\"\nrule = \"web\"\n"
                                          "granted_lifetime = \"12h\"\n",
                                      "cases");
  ASSERT_TRUE(cases);
  ASSERT_EQ(cases->size(), 1u);
  const PolicyCase& one = cases->front();
  EXPECT_EQ(one.principal.id, "dns:web.internal");
  EXPECT_EQ(one.wish.names.size(), 2u);
  EXPECT_EQ(one.wish.lifetime, Seconds(86400));
  EXPECT_EQ(one.key, x509::KeyType::kRsa);
  EXPECT_EQ(one.rule, "web");
  EXPECT_EQ(one.granted_lifetime, Seconds(43200));
}

TEST(PolicyCases, ClaimsFillPlaces) {
  const auto policy = config::ParsePolicy(R"(admins = ["dns:admin.internal"]
[profile.server]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
[[rule]]
name = "pods"
principals = ["jwt:cluster:*"]
profiles = ["server"]
dns = ["*.{namespace}.svc.internal"]
)",
                                          "policy");
  ASSERT_TRUE(policy);
  const auto cases = ParsePolicyCases(R"([[case]]
name = "its own namespace"
principal = "jwt:cluster:system:serviceaccount:prod:api"
profile = "server"
names = ["api.prod.svc.internal"]
claims = { namespace = "prod" }
expect = "allow"
[[case]]
name = "and no other"
principal = "jwt:cluster:system:serviceaccount:prod:api"
profile = "server"
names = ["api.dev.svc.internal"]
claims = { namespace = "prod" }
expect = "deny"
rule = "policy.name"
)",
                                      "cases");
  ASSERT_TRUE(cases) << cases.error().message;
  for (const PolicyCase& each : *cases) {
    const CaseResult decided = Decide(*policy, each);
    EXPECT_EQ(decided.verdict, each.expect) << each.name;
    EXPECT_TRUE(decided.wrong.empty()) << each.name;
  }
}

TEST(PolicyCases, WhatAnIdDoesNotTell) {
  const auto policy = config::ParsePolicy(R"(admins = ["dns:admin.internal"]
[profile.mirror]
lifetime = "24h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
names_from = "principal"
prove_control = true
[[rule]]
name = "all"
principals = ["dns:a.internal"]
profiles = ["mirror"]
dns = ["*.internal"]
)",
                                          "policy");
  ASSERT_TRUE(policy);
  const auto decide = [&](const std::string& more) {
    const auto cases = ParsePolicyCases(
        "[[case]]\nname = \"one\"\nprincipal = \"dns:a.internal\"\nprofile = \"mirror\"\n"
        "expect = \"allow\"\n" +
            more,
        "cases");
    return cases ? Decide(*policy, cases->at(0)).rule : cases.error().violations.at(0).rule;
  };
  EXPECT_EQ(decide(""), "policy.name-control");
  EXPECT_EQ(decide("controlled = [\"a.internal\"]\n"), "all");
  const std::string second = "principal_names = [\"b.internal\"]\n";
  EXPECT_EQ(decide(second + "controlled = [\"a.internal\"]\n"), "policy.name-control");
  EXPECT_EQ(decide(second + "controlled = [\"a.internal\", \"b.internal\"]\n"), "all");
  EXPECT_EQ(decide("claims = { namespace = \"prod\" }\n"), "principal.claims");
  EXPECT_EQ(decide("principal_names = [\"https://a.internal/\"]\n"), "principal.names");
  EXPECT_EQ(decide("principal_names = [\"a_b\"]\n"), "name.dns");
}

TEST(PolicyCases, EveryMistakeIsToldAtOnceWithItsLine) {
  const auto cases = ParsePolicyCases(R"([[case]]
name = "one"
principal = "web.internal"
profile = "server"
names = ["web_internal"]
expect = "deny"
granted_lifetime = "1d"
key = "dsa"
nmaes = ["x"]
[[case]]
name = "one"
principal = "dns:web.internal"
profile = "server"
expect = "maybe"
)",
                                      "cases.toml");
  ASSERT_FALSE(cases);
  const auto rules = RulesOf(cases.error());
  for (const char* rule : {"principal.id", "cases.rule", "cases.lifetime", "cases.name",
                           "config.word", "config.unknown-key"}) {
    EXPECT_TRUE(rules.contains(rule)) << rule;
  }
  EXPECT_EQ(cases.error().violations.front().field.substr(0, 11), "cases.toml:");
}

TEST(PolicyCases, AreAtLeastOneAndAtMostTheLimit) {
  EXPECT_FALSE(ParsePolicyCases("", "cases"));
  std::string text;
  for (size_t i = 0; i < kPolicyCasesMax; ++i) {
    text += "[[case]]\nname=\"" + std::to_string(i) +
            "\"\nprincipal=\"local:0\"\nprofile=\"s\"\nexpect=\"allow\"\n";
  }
  EXPECT_TRUE(ParsePolicyCases(text, "cases"));
  const auto over = ParsePolicyCases(text + kGood, "cases");
  ASSERT_FALSE(over);
  EXPECT_EQ(RulesOf(over.error()), std::set<std::string>{"cases.count"});
}

}  // namespace
}  // namespace mayfly::cli
