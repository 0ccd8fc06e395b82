#include "config/policy_file.h"

#include "config/profile_section.h"
#include "tests/unit/config/config_fixture.h"

namespace mayfly::config {
namespace {

using policy::Policy;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using Kind = x509::GeneralName::Kind;

Result<Policy> Parse(const std::string& text) { return ParsePolicy(text, "policy.toml"); }

std::vector<std::string> TextsOf(const std::vector<policy::PrincipalPattern>& patterns) {
  std::vector<std::string> texts;
  for (const policy::PrincipalPattern& pattern : patterns) texts.push_back(pattern.text());
  return texts;
}

TEST(PolicyFile, TheDocumentedExampleIsComplete) {
  auto parsed = Parse(ExampleIn("POLICY.md"));
  ASSERT_TRUE(parsed) << Describe(parsed.error(), ErrorText::kForLog);
  EXPECT_THAT(TextsOf(parsed->admins), ElementsAre("spiffe://mayfly.internal/admin"));
  EXPECT_THAT(TextsOf(parsed->operators), ElementsAre("spiffe://mayfly.internal/operator"));
  EXPECT_THAT(TextsOf(parsed->auditors), ElementsAre("spiffe://mayfly.internal/auditor"));
  EXPECT_THAT(TextsOf(parsed->enrollers), ElementsAre("spiffe://mayfly.internal/build/controller"));
  ASSERT_EQ(parsed->profiles.size(), 2u);
  const policy::Profile& server = parsed->profiles.at("server");
  EXPECT_EQ(server.name, "server");
  EXPECT_EQ(server.lifetime_default, std::chrono::days(7));
  EXPECT_EQ(server.lifetime_max, std::chrono::days(30));
  EXPECT_EQ(server.backdate, Seconds(60));
  EXPECT_EQ(server.key_usages, static_cast<x509::KeyUsages>(x509::KeyUsage::kDigitalSignature));
  EXPECT_THAT(server.extended_key_usages, ElementsAre(x509::oid::ServerAuth()));
  EXPECT_THAT(server.name_kinds, UnorderedElementsAre(Kind::kDns, Kind::kIp));
  EXPECT_EQ(server.key_rules.allowed, x509::KeyRules{}.allowed);
  EXPECT_EQ(server.revocation, policy::RevocationMode::kPointers);
  EXPECT_FALSE(server.ocsp_no_check);
  const policy::Profile& workload = parsed->profiles.at("workload");
  EXPECT_EQ(workload.lifetime_max, Seconds(3600));
  EXPECT_EQ(workload.backdate, kBackdateDefault);
  EXPECT_EQ(workload.revocation, policy::RevocationMode::kNoRevAvail);
  EXPECT_THAT(workload.extended_key_usages,
              ElementsAre(x509::oid::ServerAuth(), x509::oid::ClientAuth()));
  EXPECT_EQ(workload.key_rules.allowed, x509::KeyRules{}.allowed);
  ASSERT_EQ(parsed->rules.size(), 2u);
  EXPECT_EQ(parsed->rules[0].name, "operators");
  EXPECT_THAT(TextsOf(parsed->rules[0].principals),
              ElementsAre("spiffe://mayfly.internal/operator", "local:*"));
  EXPECT_THAT(parsed->rules[0].profiles, ElementsAre("server"));
  EXPECT_EQ(parsed->rules[0].names.size(), 5u);
}

TEST(PolicyFile, TheSmallestGrantsNothing) {
  auto parsed = Parse("admins = [\"spiffe://td/admin\"]");
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->rules.empty() && parsed->profiles.empty() && parsed->operators.empty());
  EXPECT_TRUE(parsed->auditors.empty() && parsed->enrollers.empty());
}

TEST(PolicyFile, OneInForceMayBeWithoutAdmins) {
  const auto parsed = ParsePolicy("operators = [\"spiffe://td/op\"]", "the policy in force",
                                  policy::PolicyText::kInForce);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->admins.empty());
}

TEST(PolicyFile, WhatIsNoTomlIsNone) {
  const auto parsed = Parse("admins = [\"spiffe://td/admin\"]\nprofile");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(FindingsOf(parsed), ElementsAre("2 config.syntax"));
}

TEST(PolicyFile, SomebodyMustBeAdmin) {
  for (const char* text : {"", "admins = []", "operators = [\"spiffe://td/op\"]"}) {
    const auto parsed = Parse(text);
    ASSERT_FALSE(parsed) << text;
    ASSERT_EQ(parsed.error().violations.size(), 1u) << text;
    EXPECT_EQ(parsed.error().violations[0].rule, "policy.admins") << text;
    EXPECT_THAT(parsed.error().violations[0].message, HasSubstr("admins = [")) << text;
  }
}

struct Change {
  std::string from, to, finding;  // finding: empty where the change is fine
};
class PolicyFileChange : public testing::TestWithParam<Change> {};

constexpr std::string_view kSmall = R"(admins = ["spiffe://td/op"]
[profile.server]
lifetime = "1h"
lifetime_max = "2h"
backdate = "1m"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns"]
keys = ["ec-p256"]
revocation = "pointers"
[[rule]]
name = "web"
principals = ["spiffe://td/web"]
profiles = ["server"]
dns = ["*.internal"]
)";

TEST_P(PolicyFileChange, HasItsOneFinding) {
  const auto& [from, to, finding] = GetParam();
  std::vector<std::string> expected;
  if (!finding.empty()) expected.push_back(finding);
  auto parsed = Parse(With(std::string(kSmall), from, to));
  EXPECT_EQ(FindingsOf(parsed), expected) << from << " -> " << to;
  if (!parsed) {
    EXPECT_EQ(parsed.error().code, ErrorCode::kConfiguration);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Profiles, PolicyFileChange,
    testing::Values(
        Change{"revocation = \"pointers\"\n", "", ""},
        Change{"lifetime_max = \"2h\"", "lifetime_max = \"1h\"", ""},
        Change{"lifetime_max = \"2h\"", "lifetime_max = \"3599s\"", "3 policy.lifetime"},
        Change{"lifetime = \"1h\"", "lifetime = \"1s\"", ""},
        Change{"lifetime = \"1h\"\n", "", "2 config.missing"},
        Change{"lifetime = \"1h\"", "lifetime = \"0s\"", "3 config.range"},
        Change{"backdate = \"1m\"", "backdate = \"24h\"", ""},
        Change{"backdate = \"1m\"", "backdate = \"86401s\"", "5 config.range"},
        Change{"\"digital-signature\"", "\"key-cert-sign\"", "6 policy.ca-usage"},
        Change{"\"digital-signature\"", "\"crl-sign\"", "6 policy.ca-usage"},
        Change{"\"digital-signature\"", "\"digital-signatur\"", "6 config.word"},
        Change{"\"digital-signature\"", "\"key-agreement\"", ""},
        Change{"\"digital-signature\"", "\"key-encipherment\"", "6 policy.key-usage"},
        Change{"\"digital-signature\"]", "]", "6 config.range"},
        Change{"\"server-auth\"", "\"any\"", "7 policy.ca-usage"},
        Change{"\"server-auth\"", "\"ocsp-signing\"", "7 policy.ca-usage"},
        Change{"\"server-auth\"", "\"2.5.29.37.0\"", "7 policy.ca-usage"},
        Change{"\"server-auth\"", "\"server-auth\", \"1.3.6.1.5.5.7.3.9\"", "7 policy.ca-usage"},
        Change{"\"server-auth\"", "\"1.3.6.1.4.1.99999.1\"", ""},
        Change{"\"server-auth\"", "\"1.3..6\"", "7 config.oid"},
        Change{"\"server-auth\"", "\"serverauth\"", "7 config.word"},
        Change{"\"server-auth\"", "\"-1.2.3\"", "7 config.word"},
        Change{"\"server-auth\"", "\"server-auth\", \"1.3.6.1.5.5.7.3.1\"", "7 config.duplicate"},
        Change{"names = [\"dns\"]", "names = [\"host\"]", "8 config.word"},
        Change{"\"ec-p256\"", "\"ec-p521\"", ""}, Change{"\"ec-p256\"", "\"dsa\"", "9 config.word"},
        Change{"keys = [\"ec-p256\"]", "keys = []", "9 config.range"},
        Change{"\"pointers\"", "\"none\"", ""}, Change{"\"pointers\"", "\"crl\"", "10 config.word"},
        Change{"backdate", "key_usages = []\nbackdate", "5 config.unknown-key"}));

// What a profile can say of the certificate, put before "backdate" in line 5.
Change Said(const std::string& lines, const std::string& finding) {
  return Change{"backdate", lines + "\nbackdate", finding};
}
INSTANTIATE_TEST_SUITE_P(
    Content, PolicyFileChange,
    testing::Values(
        Said("subject = \"first-name\"", ""), Said("subject = \"cn\"", "5 config.word"),
        Said("subject = \"fixed\"\ncommon_name = \"Web\"", ""),
        Said("subject = \"fixed\"\ncommon_name = \"Web\"\norganization = \"Example\"", ""),
        Said("subject = \"fixed\"", "2 config.missing"),
        Said("subject = \"fixed\"\ncommon_name = \"\"", "6 config.range"),
        Said("common_name = \"Web\"", "5 config.not-here"),
        Said("organization = \"Web\"", "5 config.not-here"), Said("names_from = \"principal\"", ""),
        Said("names_from = \"csr\"", "5 config.word"), Said("at_issuer_end = \"truncate\"", ""),
        Said("at_issuer_end = \"x\"", "5 config.word"), Said("must_staple = true", ""),
        Said("no_revocation_up_to = \"1h\"", "5 config.not-here"),
        Said("certificate_policies = [\"1.3.6.1.4.1.99999.1\"]", ""),
        Said("certificate_policies = [\"x\"]", "5 config.oid"),
        Said("certificate_policies = [\"1.2.3\", \"1.2.3\"]", "5 config.duplicate"),
        Change{"revocation = \"pointers\"", "revocation = \"none\"\nmust_staple = true",
               "11 policy.must-staple"},
        Change{"revocation = \"pointers\"", "no_revocation_up_to = \"1h\"", ""}));
INSTANTIATE_TEST_SUITE_P(
    Renewal, PolicyFileChange,
    testing::Values(
        Said("renewal = \"refuse\"", ""), Said("renewal = \"never\"", "5 config.word"),
        Said("renewal_key = \"any\"", ""), Said("renewal_key = \"old\"", "5 config.word"),
        Said("on_copied_key = \"lock\"", ""), Said("on_copied_key = \"log\"", "5 config.word"),
        Said("key_reuse = \"refuse\"", ""), Said("key_reuse = \"never\"", "5 config.word"),
        Said("renewal = \"allow\"\nrenewal_grace = \"1d\"", ""),
        Said("renewal = \"refuse\"\nrenewal_grace = \"1d\"", "6 config.not-here")));

// A table of the profile's own, after its last key.
Change Table(const std::string& lines, const std::string& finding) {
  return Change{"revocation = \"pointers\"\n", "revocation = \"pointers\"\n" + lines + "\n",
                finding};
}
INSTANTIATE_TEST_SUITE_P(
    Tables, PolicyFileChange,
    testing::Values(
        Table("[profile.server.lint]\nspiffe = \"off\"\nsize = \"warning\"", ""),
        Table("[profile.server.lint]\nnames = \"off\"", "12 policy.lint-fixed"),
        Table("[profile.server.lint]\nnot-ca = \"warning\"", "12 policy.lint-fixed"),
        Table("[profile.server.lint]\nsize = \"loud\"", "12 config.word"),
        Table("[profile.server.lint]\nsizes = \"off\"", "12 config.unknown-key"),
        Table("[[profile.server.extension]]\noid = \"1.3.6.1.4.1.99999.2\"\nder = \"0c0161\"", ""),
        Table("[[profile.server.extension]]\noid = \"1.3.6.1.4.1.99999.2\"\nder = \"0c0161\"\n"
              "critical = true",
              ""),
        Table("[[profile.server.extension]]\nder = \"0500\"", "11 config.missing"),
        Table("[[profile.server.extension]]\noid = \"1.2.3\"", "11 config.missing"),
        Table("[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"\"", "13 config.range"),
        Table("[[profile.server.extension]]\noid = \"1.2.x\"\nder = \"0c0161\"", "12 config.oid"),
        Table("[[profile.server.extension]]\noid = \"2.5.29.19\"\nder = \"30030101ff\"",
              "12 policy.reserved"),
        Table("[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"0c026161\"", ""),
        Table("[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"0c0261\"",
              "13 policy.extension-der"),
        Table("[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"0c016\"",
              "13 policy.extension-der"),
        Table("[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"3003010101\"",
              "13 policy.extension-der"),  // a BOOLEAN that is not DER
        Table("[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"0c01610500\"",
              "13 policy.extension-der"),
        Table("[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"0500\"\n"
              "[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"0500\"",
              "15 config.duplicate")));

// Those that Mayfly writes, and those that would make something else of a leaf.
TEST(PolicyFile, NoExtensionOfTheProfilesOwnIsOneOfThese) {
  std::vector<std::string> reserved = {
      "1.3.6.1.5.5.7.1.1",       "1.3.6.1.5.5.7.1.11",      "1.3.6.1.5.5.7.1.14",
      "1.3.6.1.5.5.7.1.24",      "1.3.6.1.5.5.7.48.1.5",    "2.16.840.1.113730.1.1",
      "1.3.6.1.4.1.11129.2.4.2", "1.3.6.1.4.1.11129.2.4.3", "1.3.6.1.4.1.311.21.10"};
  for (int arc : {1,  2,  3,  4,  7,  8,  10, 11, 14, 15, 16, 17, 18, 19,
                  20, 27, 28, 30, 31, 32, 33, 35, 36, 37, 46, 54, 56}) {
    reserved.push_back("2.5.29." + std::to_string(arc));
  }
  for (const std::string& oid : reserved) {
    const std::string extension =
        "[[profile.server.extension]]\noid = \"" + oid + "\"\nder = \"0500\"\n[[rule]]";
    EXPECT_THAT(FindingsOf(Parse(With(std::string(kSmall), "[[rule]]", extension))),
                ElementsAre("12 policy.reserved"))
        << oid;
  }
}

TEST(PolicyFile, WhatAProfileSaysIsRead) {
  const std::string extension =
      "[[profile.server.extension]]\noid = \"1.2.3\"\nder = \"0500\"\ncritical = true\n"
      "[profile.server.lint]\nspiffe = \"off\"\n";
  auto parsed =
      Parse(With(With(std::string(kSmall), "backdate",
                      "subject = \"fixed\"\ncommon_name = \"Web\"\norganization = \"Example\"\n"
                      "names_from = \"principal\"\nprove_control = true\nat_issuer_end = "
                      "\"truncate\"\nmust_staple = true\n"
                      "certificate_policies = [\"1.2.3.4\"]\nbackdate"),
                 "revocation = \"pointers\"\n", "no_revocation_up_to = \"2h\"\n" + extension));
  ASSERT_TRUE(parsed) << Describe(parsed.error(), ErrorText::kForLog);
  const policy::Profile& profile = parsed->profiles.at("server");
  EXPECT_EQ(profile.subject, policy::SubjectForm::kFixed);
  EXPECT_EQ(profile.common_name, "Web");
  EXPECT_EQ(profile.organization, "Example");
  EXPECT_EQ(profile.names_from, policy::NamesFrom::kPrincipal);
  EXPECT_TRUE(profile.prove_control);
  EXPECT_EQ(profile.at_issuer_end, policy::AtIssuerEnd::kTruncate);
  EXPECT_TRUE(profile.must_staple);
  EXPECT_EQ(profile.revocation, policy::RevocationMode::kByLifetime);
  EXPECT_EQ(profile.no_revocation_up_to, Seconds(7200));
  ASSERT_EQ(profile.certificate_policies.size(), 1u);
  EXPECT_EQ(profile.certificate_policies[0].Dotted(), "1.2.3.4");
  ASSERT_EQ(profile.extensions.size(), 1u);
  EXPECT_EQ(profile.extensions[0].criticality, x509::Criticality::kCritical);
  EXPECT_EQ(profile.extensions[0].value, (Bytes{0x05, 0x00}));
  EXPECT_EQ(profile.lint.at("lint.spiffe"), policy::Severity::kOff);
}

TEST(PolicyFile, UsagesGoTogetherUnlessLintsAreOff) {
  const std::string text =
      With(std::string(kSmall), "[\"digital-signature\"]", "[\"content-commitment\"]");
  EXPECT_THAT(FindingsOf(ParsePolicy(text, "p")), testing::ElementsAre("6 policy.usage-coherence"));
  EXPECT_TRUE(ParsePolicy(text, "p", policy::PolicyText::kInForce));
  const std::string rule = "[[rule]]";
  EXPECT_TRUE(ParsePolicy(
      With(text, rule, "[profile.server.lint]\nusage-coherence = \"off\"\n" + rule), "p"));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, PolicyFileChange,
    testing::Values(
        Change{"\"web\"", "\"Web\"", "12 config.name"},
        Change{"\"web\"", "\"\"", "12 config.range"},
        Change{"\"web\"", "\"" + std::string(63, 'a') + "\"", ""},
        Change{"\"web\"", "\"" + std::string(64, 'a') + "\"", "12 config.name"},
        Change{"profiles = [\"server\"]", "profiles = [\"sever\"]", "14 policy.unknown-profile"},
        Change{"*.internal", "*internal", "15 policy.pattern"},
        Change{"dns = [\"*.internal\"]\n", "", "12 policy.rule-empty"},
        Change{"dns = [\"*.internal\"]\n", "ip = [\"10.0.0.0/8\"]\n", ""},
        Change{"\"spiffe://td/web\"", "\"dns:web.internal\"", ""},
        Change{"\"spiffe://td/web\"", "\"ip:10.0.0.1\"", ""},
        Change{"\"spiffe://td/web\"", "\"email:a@b.c\"", ""},
        Change{"\"spiffe://td/web\"", "\"local:0\"", ""},
        Change{"\"spiffe://td/web\"", "\"local:*\"", ""},
        Change{"\"spiffe://td/web\"", "\"local:root\"", "13 policy.principal"},
        Change{"\"spiffe://td/web\"", "\"local:01\"", "13 policy.principal"},
        Change{"\"spiffe://td/web\"", "\"spiffe://td/*\"", "13 policy.principal"},
        Change{"\"spiffe://td/web\"", "\"https://td/*\"", "13 policy.principal"},
        Change{"\"spiffe://td/web\"", "\"system:ocsp\"", "13 policy.principal"},
        Change{"\"spiffe://td/web\"", "\"web\"", "13 policy.principal"},
        Change{"\"spiffe://td/op\"", "\"operator\"", "1 policy.principal"},
        Change{"\"spiffe://td/op\"", "\"spiffe://td/{a}\"", "1 policy.principal"},
        Change{"\"spiffe://td/op\"", "\"*\"", "1 policy.everybody"},
        Change{"\"spiffe://td/web\"", "\"*\"", "13 policy.everybody"},
        Change{"\"spiffe://td/web\"", "\"spiffe://td/ns/{ns}\"", ""},
        Change{"\"spiffe://td/web\"", "\"spiffe://{td}/web\"", "13 policy.principal"},
        Change{"\"spiffe://td/web\"", "\"spiffe://td/a{ns}\"", "13 policy.principal"},
        Change{"\"spiffe://td/web\"", "\"dns:{ns}.x\"", "13 policy.principal"},
        Change{"*.internal", "{ns}.internal", "13 policy.unknown-claim"},
        Change{"*.internal", "{trust_domain}.internal", ""},
        Change{"*.internal", "a{ns}.internal", "15 policy.pattern"},
        Change{"*.internal", "{NS}.internal", "15 policy.pattern"},
        Change{"dns = [\"*.internal", "uri = [\"spiffe://td", "15 policy.pattern"},
        Change{"dns = [\"*.internal", "uri = [\"spiffe://{trust_domain}", "15 policy.pattern"},
        Change{"dns = [\"*.internal", "uri = [\"https://td", ""},
        Change{"dns = [\"*.internal", "uri = [\"spiffe://td/a", ""}));

TEST(PolicyFile, ATrustDomainAsANameIsReadWhereItIsInForce) {
  const std::string text =
      With(std::string(kSmall), "dns = [\"*.internal\"]", "uri = [\"spiffe://td\"]");
  EXPECT_FALSE(ParsePolicy(text, "p"));
  EXPECT_TRUE(ParsePolicy(text, "p", policy::PolicyText::kInForce));
}

// One of the lists of roles, before the admins.
Change List(const std::string& line, const std::string& finding) {
  return Change{"admins = ", line + "\nadmins = ", finding};
}
INSTANTIATE_TEST_SUITE_P(
    Roles, PolicyFileChange,
    testing::Values(List("operators = [\"spiffe://td/a\", \"dns:a.b\"]", ""),
                    List("operators = []", ""), List("auditors = [\"spiffe://td/a\"]", ""),
                    List("enrollers = [\"spiffe://td/a\"]", ""),
                    List("operators = [\"*\"]", "1 policy.everybody"),
                    List("auditors = [\"spiffe://td/{a}\"]", "1 policy.principal"),
                    List("enrollers = [\"web\"]", "1 policy.principal"),
                    List("two_persons = [\"policy\"]", "1 policy.two-persons"),
                    List("two_persons = [\"polici\"]", "1 config.word"),
                    Change{"admins = [", "two_persons = [\"policy\"]\nadmins = [\"dns:a.b\", ", ""},
                    List("requesters = [\"spiffe://td/a\"]", "1 config.unknown-key")));

INSTANTIATE_TEST_SUITE_P(
    Denials, PolicyFileChange,
    testing::Values(
        Change{"dns = [\"*.internal\"]\n", "dns = [\"*.internal\"]\neffect = \"deny\"\n", ""},
        Change{"dns = [\"*.internal\"]\n", "effect = \"deny\"\n", ""},
        Change{"profiles = [\"server\"]\ndns = [\"*.internal\"]\n", "effect = \"deny\"\n", ""},
        Change{"profiles = [\"server\"]\n", "", "11 config.missing"},
        Change{"dns = [\"*.internal\"]\n", "dns = [\"a.b\"]\neffect = \"refuse\"\n",
               "16 config.word"}));

TEST(PolicyFile, ADenialMayBeAboutEverybody) {
  auto parsed =
      Parse(With(std::string(kSmall), "\"spiffe://td/web\"]", "\"*\"]\neffect = \"deny\""));
  ASSERT_TRUE(parsed) << Describe(parsed.error(), ErrorText::kForLog);
  EXPECT_EQ(parsed->rules[0].effect, policy::RuleEffect::kDeny);
  EXPECT_TRUE(parsed->rules[0].principals[0].is_everybody());
}

TEST(PolicyFile, PrincipalsAreInNormalForm) {
  auto parsed = Parse(With(std::string(kSmall), "spiffe://td/web", "dns:WEB.internal"));
  ASSERT_TRUE(parsed);
  EXPECT_THAT(TextsOf(parsed->rules[0].principals), ElementsAre("dns:web.internal"));
}

TEST(PolicyFile, UsagesMustFitEveryKeyType) {
  auto with = [](const std::string& usage, const std::string& type) {
    std::string text = With(std::string(kSmall), "digital-signature", usage);
    text = With(text, "server-auth", "1.2.3.4");
    return Parse(With(text, "ec-p256", type)).has_value();
  };
  EXPECT_TRUE(with("key-encipherment", "rsa"));
  EXPECT_TRUE(with("data-encipherment", "rsa"));
  EXPECT_FALSE(with("key-agreement", "rsa"));
  EXPECT_FALSE(with("key-agreement", "ed25519"));
  EXPECT_FALSE(with("data-encipherment", "ec-p384"));
  EXPECT_TRUE(with("content-commitment", "ed25519"));
}

TEST(PolicyFile, NamesOfProfiles) {
  auto named = [](const std::string& name) {
    std::string text(kSmall.substr(0, kSmall.find("[[rule]]")));
    return Parse(With(text, "[profile.server]", "[profile.\"" + name + "\"]"));
  };
  EXPECT_TRUE(named(std::string(63, 'a')));
  EXPECT_EQ(named(std::string(64, 'a')).error().rule, "config.name");
  EXPECT_EQ(named("a_b").error().rule, "config.name");
  EXPECT_EQ(named("").error().rule, "config.name");
  EXPECT_EQ(named("ocsp-responder").error().rule, "policy.reserved");
}

TEST(PolicyFile, RulesHaveNamesOfTheirOwn) {
  std::string rule(kSmall.substr(kSmall.find("[[rule]]")));
  EXPECT_THAT(FindingsOf(Parse(std::string(kSmall) + rule)), ElementsAre("17 config.duplicate"));
  const auto nameless = [](const std::string& text) { return With(text, "name = \"web\"\n", ""); };
  EXPECT_THAT(FindingsOf(Parse(nameless(std::string(kSmall)) + nameless(rule))),
              ElementsAre("11 config.missing", "15 config.missing"));
}

TEST(PolicyFile, SuggestsTheProfileThatWasMeant) {
  auto parsed =
      Parse(With(std::string(kSmall), "profiles = [\"server\"]", "profiles = [\"sever\"]"));
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().violations[0].message, HasSubstr("did you mean \"server\"?"));
}

TEST(PolicyFile, ProfilesAtTheLimitAndOnePast) {
  std::string profile(
      kSmall.substr(kSmall.find("lifetime"), kSmall.find("[[rule]]") - kSmall.find("lifetime")));
  std::string text = "admins = [\"spiffe://td/admin\"]\n";
  for (size_t i = 0; i < policy::kProfilesMax; ++i) {
    text += "[profile.p" + std::to_string(i) + "]\n" + profile;
  }
  EXPECT_TRUE(Parse(text));
  EXPECT_EQ(Parse(text + "[profile.more]\n" + profile).error().rule, "config.range");
}

TEST(PolicyFile, RulesAtTheLimitAndOnePast) {
  std::string text(kSmall.substr(0, kSmall.find("[[rule]]")));
  auto rule = [](size_t i) {
    return With(std::string(kSmall.substr(kSmall.find("[[rule]]"))), "\"web\"",
                "\"r" + std::to_string(i) + "\"");
  };
  for (size_t i = 0; i < policy::kRulesMax; ++i) text += rule(i);
  EXPECT_TRUE(Parse(text));
  EXPECT_EQ(Parse(text + rule(policy::kRulesMax)).error().rule, "config.range");
}

TEST(PolicyFile, PatternsAtTheLimitAndOnePast) {
  std::string many = "\"*.internal\"";
  for (size_t i = 1; i < policy::kPatternsPerRuleMax; ++i) many += ", \"*.internal\"";
  EXPECT_TRUE(Parse(With(std::string(kSmall), "\"*.internal\"", many)));
  auto more = Parse(With(std::string(kSmall), "\"*.internal\"", many + ", \"*.internal\""));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().rule, "config.range");
}

TEST(PolicyFile, EveryErrorAtOnce) {
  std::string text = With(std::string(kSmall), "\"digital-signature\"", "\"crl-sign\"");
  text = With(text, "\"server-auth\"", "\"any\"");
  text = With(text, "*.internal", "*");
  EXPECT_THAT(FindingsOf(Parse(text)),
              ElementsAre("6 policy.ca-usage", "7 policy.ca-usage", "15 policy.pattern"));
}

// The configuration says which claims a token has; the policy file cannot know it.
TEST(PolicyFile, RulesOfTokensHaveAnyPlace) {
  const std::string profile =
      "admins = [\"spiffe://td/admin\"]\n[profile.workload]\nlifetime = \"1h\"\nkey_usage = "
      "[\"digital-signature\"]\n"
      "extended_key_usage = [\"server-auth\"]\nnames = [\"dns\"]\n";
  auto rule = [&](const std::string& principals) {
    return Parse(
        profile + "[[rule]]\nname = \"pods\"\nprincipals = [" + principals +
        "]\nprofiles = [\"workload\"]\ndns = [\"{serviceaccount}.{namespace}.internal\"]\n");
  };
  const auto policy = rule("\"jwt:cluster:*\", \"jwt:ci:repo:a/b:ref:refs/heads/main\"");
  ASSERT_TRUE(policy) << Describe(policy.error(), ErrorText::kForLog);
  EXPECT_TRUE(policy->rules[0].principals[0].is_every_subject());
  EXPECT_THAT(FindingsOf(rule("\"dns:web.internal\"")),
              testing::Each(testing::HasSubstr("policy.unknown-claim")));
  EXPECT_FALSE(rule("\"dns:web.internal\""));
  EXPECT_THAT(FindingsOf(rule("\"jwt:cluster:system:*\"")),
              testing::Contains(testing::HasSubstr("policy.principal")));
}

TEST(PolicyFile, OperatorsAreNoWholeIssuer) {
  const std::string admins = "admins = [\"spiffe://td/admin\"]\n";
  EXPECT_TRUE(Parse(admins + "operators = [\"jwt:ci:repo:a/b\"]\n"));
  for (const char* many : {"jwt:ci:*", "local:*"}) {
    EXPECT_THAT(FindingsOf(Parse(admins + "operators = [\"" + many + "\"]\n")),
                testing::ElementsAre("2 policy.principal"));
  }
}

}  // namespace
}  // namespace mayfly::config
