#include "policy/name_pattern.h"

#include "tests/unit/policy/pattern_oracle.h"
#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::policy {
namespace {

using Kind = x509::GeneralName::Kind;

// By the CA, and by the oracle that its index is held against: both say the same.
bool Matches(const NamePattern& pattern, std::string_view name, const Claims* claims) {
  const x509::GeneralName read = Name(name);
  const PatternOracle oracle(pattern);
  const bool fits = Fits(pattern, read, claims, PatternIndex::Asked::kMatch);
  EXPECT_EQ(claims ? oracle.Matches(read, *claims) : oracle.MatchesForSomebody(read), fits);
  return fits;
}
bool Matches(const NamePattern& pattern, std::string_view name) {
  const Claims nothing;
  return Matches(pattern, name, &nothing);
}
bool MatchesForSomebody(const NamePattern& pattern, std::string_view name) {
  return Matches(pattern, name, nullptr);
}

struct Match {
  Kind kind;
  std::string pattern, name;
  bool matches;
};

class NamePatternMatch : public testing::TestWithParam<Match> {};

TEST_P(NamePatternMatch, IsExact) {
  const Match& match = GetParam();
  EXPECT_EQ(Matches(Pattern(match.kind, match.pattern), match.name), match.matches)
      << match.pattern << " and " << match.name;
}

INSTANTIATE_TEST_SUITE_P(
    Dns, NamePatternMatch,
    testing::Values(Match{Kind::kDns, "web.internal", "DNS:web.internal", true},
                    Match{Kind::kDns, "WEB.internal", "DNS:web.internal", true},
                    Match{Kind::kDns, "web.internal", "DNS:a.web.internal", false},
                    Match{Kind::kDns, "web.internal", "DNS:xweb.internal", false},
                    Match{Kind::kDns, "*.web.internal", "DNS:a.web.internal", true},
                    Match{Kind::kDns, "*.web.internal", "DNS:a.b.web.internal", false},
                    Match{Kind::kDns, "*.web.internal", "DNS:web.internal", false},
                    Match{Kind::kDns, "*.web.internal", "DNS:*.web.internal", false},
                    Match{Kind::kDns, "wildcard:*.web.internal", "DNS:*.web.internal", true},
                    Match{Kind::kDns, "wildcard:*.web.internal", "DNS:a.web.internal", false},
                    Match{Kind::kDns, "web.internal", "URI:https://web.internal/", false}));

INSTANTIATE_TEST_SUITE_P(Ip, NamePatternMatch,
                         testing::Values(Match{Kind::kIp, "10.0.0.0/8", "IP:10.255.0.1", true},
                                         Match{Kind::kIp, "10.0.0.0/8", "IP:11.0.0.1", false},
                                         Match{Kind::kIp, "10.1.2.0/23", "IP:10.1.3.9", true},
                                         Match{Kind::kIp, "10.1.2.0/23", "IP:10.1.4.9", false},
                                         Match{Kind::kIp, "10.1.2.3", "IP:10.1.2.3", true},
                                         Match{Kind::kIp, "10.1.2.3", "IP:10.1.2.2", false},
                                         Match{Kind::kIp, "10.1.2.3/32", "IP:10.1.2.2", false},
                                         Match{Kind::kIp, "0.0.0.0/0", "IP:192.0.2.1", true},
                                         Match{Kind::kIp, "0.0.0.0/0", "IP:fd00::1", false},
                                         Match{Kind::kIp, "fd00::/8", "IP:fd12::1", true},
                                         Match{Kind::kIp, "fd00::/8", "IP:fe80::1", false}));

INSTANTIATE_TEST_SUITE_P(
    Uri, NamePatternMatch,
    testing::Values(Match{Kind::kUri, "spiffe://td/ns/*/sa/*", "URI:spiffe://td/ns/a/sa/b", true},
                    Match{Kind::kUri, "SPIFFE://td/ns/*", "URI:spiffe://td/ns/a", true},
                    Match{Kind::kUri, "spiffe://td/ns/*/sa/*", "URI:spiffe://td/ns/a/sa", false},
                    Match{Kind::kUri, "spiffe://td/ns/*", "URI:spiffe://td/ns/a/b", false},
                    Match{Kind::kUri, "spiffe://td/ns/*", "URI:spiffe://td/ns", false},
                    Match{Kind::kUri, "spiffe://td/ns/*", "URI:spiffe://other/ns/a", false},
                    Match{Kind::kUri, "spiffe://td/ns/a", "URI:spiffe://td/ns/a", true},
                    Match{Kind::kUri, "spiffe://td/ns/a", "URI:spiffe://td/ns/A", false},
                    Match{Kind::kUri, "https://h/*", "URI:https://h/a", true},
                    Match{Kind::kUri, "https://h:/*", "URI:https://H/a", true},
                    Match{Kind::kUri, "https://h:0443/*", "URI:https://h:443/a", true},
                    Match{Kind::kUri, "https://h:443/", "URI:https://h:00443/", true},
                    Match{Kind::kUri, "https://[FD00:0::1]/*", "URI:https://[fd00::0:1]/a", true},
                    Match{Kind::kUri, "https://h/%2f/*", "URI:https://h/%2F/a", true},
                    Match{Kind::kUri, "https://h/%2F?a", "URI:https://h/%2f?a", true},
                    Match{Kind::kUri, "https://h/*", "URI:https://h/*", false},
                    Match{Kind::kUri, "https://h/*", "URI:https://h/a?q=1", false},
                    Match{Kind::kUri, "https://h/*/b", "URI:https://h/../b", false},
                    Match{Kind::kUri, "https://h/*/b", "URI:https://h/%2f/b", false},
                    Match{Kind::kUri, "https://h/*/b", "URI:https://h//b", false}));

INSTANTIATE_TEST_SUITE_P(
    Email, NamePatternMatch,
    testing::Values(Match{Kind::kEmail, "ops@web.internal", "email:ops@web.internal", true},
                    Match{Kind::kEmail, "ops@web.internal", "email:x@web.internal", false},
                    Match{Kind::kEmail, "*@web.internal", "email:x@web.internal", true},
                    Match{Kind::kEmail, "*@web.internal", "email:x@a.web.internal", false},
                    Match{Kind::kEmail, "*@web.internal", "email:x@xweb.internal", false}));

struct Bad {
  Kind kind;
  std::string text;
};

class BadNamePattern : public testing::TestWithParam<Bad> {};

TEST_P(BadNamePattern, IsRefused) {
  auto pattern = NamePattern::Parse(GetParam().kind, GetParam().text);
  ASSERT_FALSE(pattern) << GetParam().text;
  EXPECT_EQ(pattern.error().code, ErrorCode::kConfiguration);
  EXPECT_EQ(pattern.error().rule, "policy.pattern");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadNamePattern,
    testing::Values(Bad{Kind::kDns, ""}, Bad{Kind::kDns, "*"}, Bad{Kind::kDns, "*."},
                    Bad{Kind::kDns, "a*.internal"}, Bad{Kind::kDns, "*.*.web.internal"},
                    Bad{Kind::kDns, "a.*.internal"}, Bad{Kind::kDns, "wildcard:web.internal"},
                    Bad{Kind::kDns, "wildcard:*.internal"}, Bad{Kind::kIp, ""},
                    Bad{Kind::kIp, "10.0.0.0/33"}, Bad{Kind::kIp, "fd00::/129"},
                    Bad{Kind::kIp, "10.0.0.0/"}, Bad{Kind::kIp, "10.0.0.0/08"},
                    Bad{Kind::kIp, "10.0.0.0/8x"}, Bad{Kind::kIp, "10.1.0.0/8"},
                    Bad{Kind::kIp, "10.0.0.0/8/8"}, Bad{Kind::kUri, "spiffe://*/a"},
                    Bad{Kind::kUri, "spiffe://td/a*"}, Bad{Kind::kUri, "spiffe://td/*a"},
                    Bad{Kind::kUri, "*://td/a"}, Bad{Kind::kUri, "https://h/*?q"},
                    Bad{Kind::kUri, "https://h/*/a?q"}, Bad{Kind::kUri, "https://h/*/a#f"},
                    Bad{Kind::kUri, "/ns/*"}, Bad{Kind::kUri, "spiffe://td/../*"},
                    Bad{Kind::kEmail, "*"}, Bad{Kind::kEmail, "*@"}, Bad{Kind::kEmail, "a@*.b"}));

TEST(NamePattern, AcceptsTheLongestPrefixes) {
  EXPECT_TRUE(NamePattern::Parse(Kind::kIp, "10.0.0.1/32"));
  EXPECT_TRUE(NamePattern::Parse(Kind::kIp, "fd00::1/128"));
}

TEST(NamePattern, IsOfOneKind) {
  const auto any_address = *NamePattern::Parse(x509::GeneralName::Kind::kIp, "0.0.0.0/0");
  // Four octets too.
  EXPECT_FALSE(Matches(any_address, "DNS:a.bc"));
  EXPECT_TRUE(Matches(any_address, "IP:10.0.0.1"));
}

TEST(NamePattern, FreePathsHaveNoQuery) {
  for (const char* text : {"https://h.internal/*?x", "https://h.internal/*#x"}) {
    EXPECT_FALSE(NamePattern::Parse(x509::GeneralName::Kind::kUri, text)) << text;
  }
}

TEST(NamePattern, AnAddressIsExactOrAWholeDomain) {
  for (const char* text :
       {"{x}@b.internal", "a*@b.internal", "*x@b.internal", "**@b.internal", "*@*.internal"}) {
    EXPECT_FALSE(NamePattern::Parse(x509::GeneralName::Kind::kEmail, text)) << text;
  }
}

TEST(NamePattern, MatchesForSomebodyWhereAPlaceCouldBeFilled) {
  const auto dns =
      *NamePattern::Parse(x509::GeneralName::Kind::kDns, "{serviceaccount}.prod.internal");
  EXPECT_TRUE(MatchesForSomebody(dns, "DNS:api.prod.internal"));
  EXPECT_FALSE(MatchesForSomebody(dns, "DNS:a.b.prod.internal"));
  EXPECT_FALSE(MatchesForSomebody(dns, "DNS:*.prod.internal"));
  EXPECT_FALSE(Matches(dns, "DNS:api.prod.internal"));
  const auto uri = *NamePattern::Parse(x509::GeneralName::Kind::kUri, "spiffe://td/ns/{namespace}");
  EXPECT_TRUE(MatchesForSomebody(uri, "URI:spiffe://td/ns/prod"));
  EXPECT_FALSE(MatchesForSomebody(uri, "URI:spiffe://td/ns/a/b"));
}

// Of rules that deny, places or not: peers take *.prod.internal for every label before the rest.
TEST(NamePattern, AWildcardNameTouchesWhatItStandsFor) {
  const Claims claims{{"namespace", "prod"}};
  const auto touches = [&](const char* text, const char* name) {
    const NamePattern pattern = Pattern(Kind::kDns, text);
    const bool fits = Fits(pattern, Name(name), &claims, PatternIndex::Asked::kTouch);
    EXPECT_EQ(PatternOracle(pattern).Touches(Name(name), claims), fits);
    return fits;
  };
  EXPECT_TRUE(touches("api.prod.internal", "DNS:*.prod.internal"));
  EXPECT_TRUE(touches("api.{namespace}.internal", "DNS:*.prod.internal"));
  EXPECT_FALSE(touches("api.{namespace}.internal", "DNS:*.test.internal"));
  EXPECT_FALSE(touches("api.{namespace}.internal", "DNS:*.api.prod.internal"));
  EXPECT_FALSE(touches("api.{serviceaccount}.internal", "DNS:*.prod.internal"));
  EXPECT_FALSE(touches("wildcard:*.{namespace}.internal", "DNS:*.test.internal"));
}

TEST(Placeholder, IsANameInBraces) {
  EXPECT_EQ(PlaceholderOf("{namespace}"), "namespace");
  for (const char* text : {"{}", "{Namespace}", "{1a}", "{a-b}", "namespace", "{a", "a}"}) {
    EXPECT_FALSE(PlaceholderOf(text)) << text;
  }
  EXPECT_TRUE(IsPlainLabel("a-1"));
  for (const std::string& text : {std::string(), std::string("-a"), std::string("a-"),
                                  std::string(64, 'a'), std::string("a.b"), std::string("A")}) {
    EXPECT_FALSE(IsPlainLabel(text)) << text;
  }
  EXPECT_TRUE(IsPlainLabel(std::string(63, 'a')));
}

}  // namespace
}  // namespace mayfly::policy
