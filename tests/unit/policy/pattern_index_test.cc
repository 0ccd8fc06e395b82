#include "policy/pattern_index.h"

#include <algorithm>
#include <random>

#include "tests/unit/policy/pattern_oracle.h"
#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::policy {
namespace {

using Asked = PatternIndex::Asked;
using Kind = x509::GeneralName::Kind;
using Words = std::vector<std::string>;

// Patterns and names from few words, so that they meet often.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  size_t Below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  const std::string& OneOf(const Words& words) { return words[Below(words.size())]; }

  NamePattern NewPattern() {
    while (true) {
      const Kind kind = NewKind();
      const auto pattern = NamePattern::Parse(kind, PatternText(kind));
      if (pattern) return *pattern;
    }
  }
  x509::GeneralName NewName() {
    while (true) {
      const auto name = NameOf(NewKind());
      if (name) return *name;
    }
  }
  Claims NewClaims() {
    Claims claims;
    for (const char* place : {"ns", "sa"}) {
      if (Below(4) > 0) claims[place] = OneOf({"a", "b", "A", "*", "a.b", ""});
    }
    return claims;
  }

 private:
  Kind NewKind() {
    constexpr Kind kKinds[] = {Kind::kDns, Kind::kDns, Kind::kUri, Kind::kEmail, Kind::kIp};
    return kKinds[Below(std::size(kKinds))];
  }
  std::string Joined(const Words& first, const Words& others, char separator) {
    std::string text = OneOf(first);
    for (size_t more = Below(4); more > 0; --more) text += separator + OneOf(others);
    return text;
  }
  std::string PatternText(Kind kind) {
    switch (kind) {
      case Kind::kDns:
        return OneOf({"", "", "wildcard:"}) +
               Joined({"a", "b", "*", "{ns}", "{sa}"}, {"a", "b", "{ns}"}, '.');
      case Kind::kUri:
        return OneOf({"spiffe://a/", "spiffe://{ns}/", "https://a/"}) +
               Joined({"a", "b", "*", "{ns}"}, {"a", "A", "*", "{sa}"}, '/');
      case Kind::kEmail:
        return OneOf({"a", "b", "*"}) + "@" + Joined({"a", "b"}, {"a", "b"}, '.');
      case Kind::kIp:
        return OneOf({"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/15", "10.1.0.0/16", "10.1.2.3",
                      "10.1.2.2/31", "::/0", "fd00::/8", "fd00::1", "fd00::/127"});
    }
    return "";
  }
  Result<x509::GeneralName> NameOf(Kind kind) {
    switch (kind) {
      case Kind::kDns:
        return x509::GeneralName::Dns(Joined({"a", "b", "*", "_a"}, {"a", "b"}, '.'));
      case Kind::kUri:
        return x509::GeneralName::Uri(
            OneOf({"spiffe://a/", "spiffe://b/", "https://a/", "https://a:8/"}) +
            Joined({"a", "b", "*"}, {"a", "A", "b", "*", "a%20b", ""}, '/'));
      case Kind::kEmail:
        return x509::GeneralName::Email(OneOf({"a", "b", "*", "A"}) + "@" +
                                        Joined({"a", "b"}, {"a", "b"}, '.'));
      case Kind::kIp:
        break;
    }
    return x509::GeneralName::Ip(
        OneOf({"10.1.2.3", "10.1.2.2", "10.2.0.0", "11.0.0.0", "fd00::1", "fd00::2", "fe00::"}));
  }

  std::mt19937 random_;
};

constexpr uint32_t kSeeds = 60;
constexpr size_t kNames = 60;

TEST(PatternIndex, FindsWhatEachPatternMatches) {
  size_t matched = 0, touched = 0, by_somebody = 0;
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    Generator make(seed);
    const NamePattern pattern = make.NewPattern();
    const PatternOracle oracle(pattern);
    for (size_t i = 0; i < kNames; ++i) {
      const auto name = make.NewName();
      const Claims claims = make.NewClaims();
      SCOPED_TRACE(pattern.text() + " and " + name.ToString() + ", seed " + std::to_string(seed));
      EXPECT_EQ(Fits(pattern, name, &claims, Asked::kMatch), oracle.Matches(name, claims));
      EXPECT_EQ(Fits(pattern, name, &claims, Asked::kTouch), oracle.Touches(name, claims));
      EXPECT_EQ(Fits(pattern, name, nullptr, Asked::kMatch), oracle.MatchesForSomebody(name));
      matched += oracle.Matches(name, claims);
      touched += oracle.Touches(name, claims);
      by_somebody += oracle.MatchesForSomebody(name);
    }
  }
  EXPECT_GT(matched, 0u);
  EXPECT_GT(touched, matched);
  EXPECT_GT(by_somebody, matched);
}

TEST(PatternIndex, FindsTheFirstRuleOfThoseThatAreAsked) {
  size_t found = 0, not_found = 0;
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    Generator make(1000 + seed);
    std::vector<Rule> rules(1 + make.Below(8));
    std::vector<bool> is_about;
    for (Rule& rule : rules) {
      for (size_t i = make.Below(20); i > 0; --i) rule.names.push_back(make.NewPattern());
      std::erase_if(rule.names, [](const NamePattern& each) { return each.is_walked(); });
      is_about.push_back(make.Below(3) > 0);
    }
    const PatternIndex index(rules);
    for (size_t i = 0; i < kNames; ++i) {
      const auto name = make.NewName();
      for (const Asked asked : {Asked::kMatch, Asked::kTouch}) {
        std::optional<size_t> expected;
        for (size_t at = rules.size(); at-- > 0;) {
          const bool fits = std::ranges::any_of(rules[at].names, [&](const NamePattern& pattern) {
            const PatternOracle oracle(pattern);
            return asked == Asked::kTouch ? oracle.Touches(name) : oracle.Matches(name);
          });
          if (is_about[at] && fits) expected = at;
        }
        EXPECT_EQ(index.First(name, asked, is_about), expected) << name.ToString() << seed;
        ++(expected ? found : not_found);
      }
    }
  }
  EXPECT_GT(found, 100u);
  EXPECT_GT(not_found, 100u);
}

TEST(PatternIndex, CountsThePartsThatAreWalked) {
  const NamePattern free = Pattern(Kind::kDns, "{sa}.{ns}.svc.internal");  // 4 parts
  const NamePattern star = Pattern(Kind::kUri, "https://web.internal/*");  // 4 parts
  const NamePattern exact = Pattern(Kind::kDns, "*.web.internal");
  const auto with_places = Who("spiffe://td/ns/{ns}/sa/{sa}");  // 7 segments
  EXPECT_EQ(PatternIndex::WalkedParts({"r", {Who("local:*")}, {}, {exact}}), 0u);
  EXPECT_EQ(PatternIndex::WalkedParts({"r", {Who("local:*"), Who("dns:a.b")}, {}, {star}}), 4u);
  EXPECT_EQ(PatternIndex::WalkedParts({"r", {with_places}, {}, {free, star, exact}}), 7u + 8u);
  EXPECT_EQ(PatternIndex::WalkedParts({"r", {with_places, Who("local:0")}, {}, {free}}), 7u + 8u);
}

}  // namespace
}  // namespace mayfly::policy
