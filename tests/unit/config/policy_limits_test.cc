// What a policy may say at most, each limit at it and one past it; and which CA signs.
#include "config/policy_file.h"
#include "config/profile_section.h"
#include "config/strict_toml.h"
#include "policy/pattern_index.h"
#include "tests/unit/config/config_fixture.h"

namespace mayfly::config {
namespace {

using policy::PolicyText;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kProfile = R"(admins = ["spiffe://td/op"]
[profile.server]
lifetime = "1h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns", "uri"]
)";

std::string Quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "\"" : ", \"") + word + "\"";
  return text;
}

std::string RuleText(const std::string& name, const std::vector<std::string>& principals,
                     const std::string& key, const std::vector<std::string>& patterns) {
  return "[[rule]]\nname = \"" + name + "\"\nprincipals = [" + Quoted(principals) +
         "]\nprofiles = [\"server\"]\n" + key + " = [" + Quoted(patterns) + "]\n";
}

std::vector<std::string> Many(size_t count, const std::string& before, const std::string& after) {
  std::vector<std::string> words;
  for (size_t i = 0; i < count; ++i) words.push_back(before + std::to_string(i) + after);
  return words;
}

// In `rules` rules; each pattern has 8 parts, and a rule of two principals compares them once.
std::string WithWalked(size_t patterns, size_t rules) {
  std::string text(kProfile);
  for (size_t i = 0; i < rules; ++i) {
    text += RuleText("r" + std::to_string(i), {"local:*", "dns:web.internal"}, "uri",
                     Many(patterns / rules, "spiffe://td/a/b/*/c/x", ""));
  }
  return text;
}

constexpr size_t kParts = 8;
constexpr size_t kPatternsMax = policy::kWalkedPartsMax / kParts;

TEST(PolicyLimits, WhatIsWalked) {
  const auto at = ParsePolicy(WithWalked(kPatternsMax, 4), "p");
  ASSERT_TRUE(at) << Describe(at.error(), ErrorText::kForLog);
  const std::string over = WithWalked(kPatternsMax, 4) +
                           RuleText("large", {"spiffe://td/{a}/{b}"}, "dns", {"{a}.{b}.internal"});
  const auto refused = ParsePolicy(over, "p");
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().violations.size(), 1u);
  EXPECT_EQ(refused.error().violations[0].rule, "policy.size");
  EXPECT_THAT(refused.error().violations[0].message, HasSubstr("have 16392 parts"));
  EXPECT_THAT(refused.error().violations[0].message, HasSubstr("rule \"r0\" has 4096"));
  EXPECT_TRUE(ParsePolicy(over, "p", PolicyText::kInForce)) << "one in force is read all the same";
}

TEST(PolicyLimits, EachWayOfFittingIsWalked) {
  const auto ways = [](size_t principals) {
    return ParsePolicy(
        std::string(kProfile) + RuleText("r", Many(principals, "spiffe://td/a/{p", "}"), "uri",
                                         {"spiffe://td/*/*/*/*/*"}),
        "p");
  };
  // Each has 5 segments of its own and the 8 of the pattern.
  EXPECT_TRUE(ways(policy::kWalkedPartsMax / 13));
  EXPECT_FALSE(ways(policy::kWalkedPartsMax / 13 + 1));
}

TEST(PolicyLimits, NamesDomainsAndNetworksAreAsManyAsTheFileHolds) {
  std::string text(kProfile);
  for (size_t i = 0; text.size() < kFileBytesMax - 32 * 1024; ++i) {
    const std::string number = std::to_string(i);
    text += RuleText("r" + number, {"local:*"}, "dns",
                     Many(policy::kPatternsPerRuleMax, "*.", ".r" + number));
  }
  const auto parsed = ParsePolicy(text, "p");
  ASSERT_TRUE(parsed) << Describe(parsed.error(), ErrorText::kForLog);
  EXPECT_GT(parsed->rules.size(), 40u);
  EXPECT_TRUE(parsed->index);
}

// So many extensions of so many octets each.
std::string WithExtensions(const std::vector<size_t>& octets, const std::string& more = "") {
  std::string text(kProfile);
  for (size_t i = 0; i < octets.size(); ++i) {
    const size_t inside = octets[i] - 4;  // 04 82 and two octets of length
    text +=
        "[[profile.server.extension]]\noid = \"1.2.3." + std::to_string(i) + "\"\nder = \"" +
        ToHex(Bytes{0x04, 0x82, static_cast<uint8_t>(inside >> 8), static_cast<uint8_t>(inside)}) +
        std::string(inside * 2, '0') + "\"\n";
  }
  return text + more;
}

TEST(PolicyLimits, TheExtensionsOfAProfile) {
  const std::string unlinted = "[profile.server.lint]\nsize = \"warning\"\n";
  EXPECT_THAT(FindingsOf(ParsePolicy(WithExtensions({4096, 4096, 4096}), "p")), IsEmpty());
  const std::string linted = "[profile.server.lint]\nsize = \"error\"\n";
  for (const std::string& said : {std::string(), linted}) {
    EXPECT_THAT(FindingsOf(ParsePolicy(WithExtensions({4096, 4096, 4096, 260}, said), "p")),
                ElementsAre("7 policy.extensions-size"));
  }
  EXPECT_THAT(FindingsOf(ParsePolicy(WithExtensions(std::vector<size_t>(16, 4096)), "p")),
              ElementsAre("7 policy.extensions-size"));
  EXPECT_THAT(FindingsOf(ParsePolicy(WithExtensions(std::vector<size_t>(7, 4096), unlinted), "p")),
              IsEmpty());
  EXPECT_THAT(FindingsOf(ParsePolicy(WithExtensions(std::vector<size_t>(8, 4096), unlinted), "p")),
              ElementsAre("7 policy.extensions-size"));
  EXPECT_TRUE(
      ParsePolicy(WithExtensions(std::vector<size_t>(16, 4096)), "p", PolicyText::kInForce));
}

TEST(PolicyLimits, HowManyExtensionsAndHowLongEach) {
  const auto with = [](size_t count, size_t octets) {
    return FindingsOf(ParsePolicy(WithExtensions(std::vector<size_t>(count, octets)), "p"));
  };
  EXPECT_THAT(with(policy::kCustomExtensionsMax, 260), IsEmpty());
  EXPECT_THAT(with(policy::kCustomExtensionsMax + 1, 260), ElementsAre("7 config.range"));
  EXPECT_THAT(with(1, policy::kCustomExtensionBytesMax), IsEmpty());
  EXPECT_THAT(with(1, policy::kCustomExtensionBytesMax + 1), ElementsAre("9 policy.extension-der"));
}

// The findings of a profile that says this in its first lines, from line 3 on.
std::vector<std::string> Saying(const std::string& lines) {
  return FindingsOf(
      ParsePolicy(With(std::string(kProfile), "lifetime", lines + "\nlifetime"), "p"));
}

TEST(PolicyLimits, WhatAProfileSays) {
  const auto policies = [](size_t count) {
    return Saying("certificate_policies = [" + Quoted(Many(count, "1.2.3.", "")) + "]");
  };
  EXPECT_THAT(policies(policy::kCertificatePoliciesMax), IsEmpty());
  EXPECT_THAT(policies(policy::kCertificatePoliciesMax + 1), ElementsAre("3 config.range"));
  const auto purposes = [](size_t count) {
    return FindingsOf(ParsePolicy(
        With(std::string(kProfile), "\"server-auth\"", Quoted(Many(count, "1.2.3.", ""))), "p"));
  };
  EXPECT_THAT(purposes(kExtendedKeyUsagesMax), IsEmpty());
  EXPECT_THAT(purposes(kExtendedKeyUsagesMax + 1), ElementsAre("5 config.range"));
  EXPECT_THAT(Saying("renewal_grace = \"366d\""), IsEmpty());
  EXPECT_THAT(Saying("renewal_grace = \"31622401s\""), ElementsAre("3 config.range"));
  EXPECT_THAT(Saying("renewals_per_hour = 3600"), IsEmpty());
  for (const char* count : {"0", "3601"}) {
    EXPECT_THAT(Saying("renewals_per_hour = " + std::string(count)), ElementsAre("3 config.range"));
  }
  const auto named = [](size_t chars) {
    return Saying("common_name = \"" + std::string(chars, 'a') + "\"\nsubject = \"fixed\"");
  };
  EXPECT_THAT(named(x509::kCommonNameCharsMax), IsEmpty());
  EXPECT_THAT(named(x509::kCommonNameCharsMax + 1), ElementsAre("3 name.common-name"));
}

std::string SignedBy(const std::string& issuer) {
  return With(std::string(kProfile), "lifetime", "issuer = \"" + issuer + "\"\nlifetime");
}

TEST(PolicyIssuer, IsANameAsTheConfigurationHasThem) {
  const auto issuers = [](const std::string& text) {
    return ParsePolicy(text, "p")->profiles.at("server").issuers;
  };
  EXPECT_THAT(issuers(std::string(kProfile)), ElementsAre());
  EXPECT_THAT(issuers(SignedBy("issuing-2")), ElementsAre("issuing-2"));
  EXPECT_TRUE(ParsePolicy(SignedBy(std::string(63, 'a')), "p"));
  for (const std::string& bad : {std::string(64, 'a'), std::string("-a"), std::string("a-"),
                                 std::string("-"), std::string("A"), std::string("a.b")}) {
    EXPECT_THAT(FindingsOf(ParsePolicy(SignedBy(bad), "p")), ElementsAre("3 config.name")) << bad;
  }
  EXPECT_THAT(FindingsOf(ParsePolicy(SignedBy(""), "p")), ElementsAre("3 config.range"));
}

std::string SignedByAny(const std::string& list) {
  return With(std::string(kProfile), "lifetime =", "issuers = [" + list + "]\nlifetime =");
}

TEST(PolicyIssuer, MayBeAPool) {
  const auto pool = ParsePolicy(SignedByAny("\"b\", \"a\""), "p");
  ASSERT_TRUE(pool);
  EXPECT_THAT(pool->profiles.at("server").issuers, ElementsAre("b", "a"));
  const auto findings = [](const std::string& list) {
    return FindingsOf(ParsePolicy(SignedByAny(list), "p"));
  };
  EXPECT_THAT(findings("\"a\", \"a\""), ElementsAre("3 config.duplicate"));
  EXPECT_THAT(findings("\"a\", \"-b\""), ElementsAre("3 config.name"));
  EXPECT_THAT(findings(""), ElementsAre("3 config.range"));
  std::string many;
  for (size_t i = 0; i < policy::kPoolIssuersMax; ++i) {
    many += (i ? ", \"i" : "\"i") + std::to_string(i) + "\"";
  }
  EXPECT_THAT(findings(many), ElementsAre());
  EXPECT_THAT(findings(many + ", \"more\""), ElementsAre("3 config.range"));
  const std::string both = With(SignedByAny("\"a\""), "issuers =", "issuer = \"b\"\nissuers =");
  EXPECT_THAT(FindingsOf(ParsePolicy(both, "p")), ElementsAre("4 config.not-here"));
}

TEST(PolicyIssuer, IsOneOfTheServers) {
  const IssuerNames issuers = {"issuing-1", "issuing-2"};
  const auto parse = [&](const std::string& text, PolicyText is = PolicyText::kProposed) {
    return ParsePolicyFor(issuers, text, "p", is);
  };
  EXPECT_TRUE(parse(std::string(kProfile)));
  EXPECT_TRUE(parse(SignedBy("issuing-2")));
  const auto refused = parse(SignedBy("isuing-2"));
  EXPECT_THAT(FindingsOf(refused), ElementsAre("3 policy.issuer-unknown"));
  EXPECT_THAT(refused.error().violations[0].message, HasSubstr("did you mean \"issuing-2\"?"));
  EXPECT_THAT(FindingsOf(parse(SignedByAny("\"issuing-2\", \"issuing-3\""))),
              ElementsAre("3 policy.issuer-unknown"));
  EXPECT_TRUE(parse(SignedBy("issuing-3"), PolicyText::kInForce));
  EXPECT_TRUE(ParsePolicy(SignedBy("issuing-3"), "p")) << "whoever does not know does not say";
}

}  // namespace
}  // namespace mayfly::config
