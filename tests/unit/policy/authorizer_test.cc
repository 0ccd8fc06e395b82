#include "policy/authorizer.h"

#include "policy/responder_profile.h"
#include "tests/unit/policy/policy_fixture.h"

namespace mayfly::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::string_view kLineage = "018f0000-0000-7000-8000-000000000001";

void Block(DecisionBasis& basis, BlockKind kind, ByteSpan value) {
  basis.blocks.insert(policy::Block{kind, ToBytes(value)});
}

TEST(Authorizer, GrantsWhatRulesGrant) {
  auto grant = Ask(Basis(), Wish({"IP:10.1.2.3", "DNS:b.web.internal", "DNS:a.web.internal"}));
  ASSERT_TRUE(grant) << Describe(grant.error(), ErrorText::kForLog);
  EXPECT_EQ(grant->names(),
            x509::Normalize(Names({"DNS:a.web.internal", "DNS:b.web.internal", "IP:10.1.2.3"})));
  EXPECT_EQ(grant->profile().name, "server");
  EXPECT_EQ(grant->lifetime(), kDay);
  EXPECT_EQ(grant->principal(), "spiffe://mayfly.internal/web");
  EXPECT_EQ(grant->rule(), "web,net");
  EXPECT_EQ(grant->policy_version(), 4u);
  EXPECT_EQ(grant->decision(), 9u);
}

TEST(Authorizer, NamesTheRulesThatWereUsed) {
  EXPECT_EQ(Ask(Basis(), Wish({"DNS:a.web.internal"}))->rule(), "web");
}

Rule Denial(std::vector<PrincipalPattern> who, std::set<std::string> profiles,
            std::vector<NamePattern> names) {
  return Rule{"no", std::move(who), std::move(profiles), std::move(names), RuleEffect::kDeny};
}

TEST(Authorizer, RefusesOneForbiddenNameAtEveryPlace) {
  for (size_t at = 0; at < 5; ++at) {
    std::vector<std::string> names(5);
    for (size_t i = 0; i < 5; ++i) {
      names[i] = "DNS:h" + std::to_string(i) + (i == at ? ".evil.internal" : ".web.internal");
    }
    auto grant = Ask(Basis(), Wish(names));
    ASSERT_THAT(RulesOf(grant), ElementsAre("policy.name")) << at;
    EXPECT_EQ(grant.error().code, ErrorCode::kPolicyDenied);
    EXPECT_EQ(grant.error().violations[0].field, "subject_alt_names");
    EXPECT_THAT(grant.error().violations[0].message, HasSubstr(names[at]));
    EXPECT_THAT(grant.error().violations[0].message, HasSubstr("*.web.internal"));
  }
}

// One kind of name: what is granted, what is not; "#" is a number.
struct KindOfName {
  x509::GeneralName::Kind kind;
  const char* pattern;
  const char* good;
  const char* bad;
};

TEST(Authorizer, RefusesOneForbiddenNameOfAnyKindAmongAnyNumberAtEveryPlace) {
  using Kind = x509::GeneralName::Kind;
  const KindOfName kinds[] = {
      {Kind::kDns, "*.ok.internal", "DNS:h#.ok.internal", "DNS:h#.no.internal"},
      {Kind::kIp, "192.0.2.0/24", "IP:192.0.2.#", "IP:198.51.100.#"},
      {Kind::kUri, "https://ok.internal/*", "URI:https://ok.internal/p#",
       "URI:https://no.internal/p#"},
      {Kind::kEmail, "*@ok.internal", "email:u#@ok.internal", "email:u#@no.internal"}};
  // The pattern of one name alone.
  const auto pattern_of = [](const std::string& name, Kind of) {
    return name.substr(name.find(':') + 1) + (of == Kind::kIp ? "/32" : "");
  };
  const auto numbered = [](std::string text, size_t number) {
    return text.replace(text.find('#'), 1, std::to_string(number));
  };
  for (const KindOfName& kind : kinds) {
    DecisionBasis basis = Basis();
    basis.policy.profiles["server"].name_kinds = {kind.kind};
    basis.policy.rules[0].names = {Pattern(kind.kind, kind.pattern)};
    for (const size_t count : {1, 2, 7, 100}) {
      std::vector<std::string> names(count);
      for (size_t i = 0; i < count; ++i) names[i] = numbered(kind.good, i);
      EXPECT_TRUE(Ask(basis, Wish(names))) << names[0];
      for (size_t at = 0; at < count; ++at) {
        std::vector<std::string> with_one = names;
        with_one[at] = numbered(kind.bad, at);
        EXPECT_THAT(RulesOf(Ask(basis, Wish(with_one))), ElementsAre("policy.name"))
            << with_one[at];
        // Names are decided about in their normal order: each of them at its own place in it.
        DecisionBasis without = basis;
        without.policy.rules.push_back(
            Denial({Who("*")}, {}, {Pattern(kind.kind, pattern_of(names[at], kind.kind))}));
        EXPECT_THAT(RulesOf(Ask(without, Wish(names))), ElementsAre("policy.name-denied"))
            << names[at];
      }
    }
  }
}

TEST(Authorizer, ReportsEveryName) {
  EXPECT_THAT(RulesOf(Ask(Basis(), Wish({"DNS:a.x", "DNS:b.x", "IP:192.0.2.1"}))),
              ElementsAre("policy.name", "policy.name", "policy.name"));
}

TEST(Authorizer, OneRuleMustNamePrincipalAndProfileAndName) {
  // db.internal is granted, but to another; an IP is granted, but with another profile.
  EXPECT_THAT(RulesOf(Ask(Basis(), Wish({"DNS:db.internal"}))), ElementsAre("policy.name"));
  IssuanceWish quiet = Wish({"IP:10.0.0.1"});
  quiet.profile = "quiet";
  EXPECT_THAT(RulesOf(Ask(Basis(), quiet)), ElementsAre("policy.name"));
}

TEST(Authorizer, NeedsARuleForThePrincipal) {
  Principal stranger = Web();
  stranger.id = "spiffe://mayfly.internal/stranger";
  EXPECT_THAT(RulesOf(Ask(Basis(), Wish({"DNS:a.web.internal"}), stranger)),
              ElementsAre("policy.principal"));
  stranger.id = "";
  DecisionBasis basis = Basis();
  basis.policy.rules[0].principals.push_back(Who("*"));
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:a.web.internal"}), stranger)),
              ElementsAre("policy.principal"));
}

TEST(Authorizer, DenyBeatsAllow) {
  DecisionBasis basis = Basis();
  basis.policy.rules.push_back(
      Denial({Who("*")}, {}, {Pattern(x509::GeneralName::Kind::kDns, "prod.web.internal")}));
  EXPECT_TRUE(Ask(basis, Wish({"DNS:a.web.internal"})));
  auto refused = Ask(basis, Wish({"DNS:a.web.internal", "DNS:prod.web.internal"}));
  EXPECT_THAT(RulesOf(refused), ElementsAre("policy.name-denied"));
  EXPECT_THAT(refused.error().violations[0].message, HasSubstr("by rule \"no\""));
  basis.policy.rules.back().profiles = {"quiet"};
  EXPECT_TRUE(Ask(basis, Wish({"DNS:prod.web.internal"})));
  basis.policy.rules.back().profiles = {"server"};
  basis.policy.rules.back().principals = {Who("spiffe://mayfly.internal/other")};
  EXPECT_TRUE(Ask(basis, Wish({"DNS:prod.web.internal"})));
}

TEST(Authorizer, AWildcardNameThatCoversADeniedOneIsDenied) {
  using Kind = x509::GeneralName::Kind;
  DecisionBasis basis = Basis();
  basis.policy.rules[0].names.push_back(Pattern(Kind::kDns, "wildcard:*.web.internal"));
  EXPECT_TRUE(Ask(basis, Wish({"DNS:*.web.internal"})));
  for (const char* denied : {"prod.web.internal", "*.web.internal", "wildcard:*.web.internal"}) {
    DecisionBasis denying = basis;
    denying.policy.rules.push_back(Denial({Who("*")}, {}, {Pattern(Kind::kDns, denied)}));
    EXPECT_THAT(RulesOf(Ask(denying, Wish({"DNS:*.web.internal"}))),
                ElementsAre("policy.name-denied"))
        << denied;
  }
  basis.policy.rules.push_back(
      Denial({Who("*")}, {}, {Pattern(Kind::kDns, "a.prod.web.internal")}));
  EXPECT_TRUE(Ask(basis, Wish({"DNS:*.web.internal"})));
}

TEST(Authorizer, ADenialWithoutNamesDeniesWhateverIsAsked) {
  DecisionBasis basis = Basis();
  basis.policy.rules.push_back(Denial({Who("spiffe://mayfly.internal/web")}, {"server"}, {}));
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:a.web.internal"}))), ElementsAre("policy.denied"));
  IssuanceWish quiet = Wish({"DNS:a.web.internal"});
  quiet.profile = "quiet";
  EXPECT_TRUE(Ask(basis, quiet));
}

// A rule by places, and its requester.
DecisionBasis PlacesBasis() {
  using Kind = x509::GeneralName::Kind;
  DecisionBasis basis = Basis();
  basis.policy.rules.push_back(
      Rule{"workloads",
           {Who("spiffe://mayfly.internal/ns/{namespace}/sa/{serviceaccount}")},
           {"server"},
           {Pattern(Kind::kUri, "spiffe://{trust_domain}/ns/{namespace}/sa/{serviceaccount}"),
            Pattern(Kind::kDns, "{serviceaccount}.{namespace}.svc.internal")}});
  return basis;
}
Principal Workload(const std::string& path) {
  const std::string id = "spiffe://mayfly.internal" + path;
  return Principal{ProofOfIdentity::kCertificate, id, id, {}};
}

TEST(Authorizer, PlacesAreFilledFromTheRequester) {
  const DecisionBasis basis = PlacesBasis();
  const Principal api = Workload("/ns/prod/sa/api");
  EXPECT_TRUE(Ask(basis, Wish({"URI:spiffe://mayfly.internal/ns/prod/sa/api"}), api));
  EXPECT_TRUE(Ask(basis, Wish({"DNS:api.prod.svc.internal"}), api));
  for (const char* foreign :
       {"URI:spiffe://mayfly.internal/ns/prod/sa/db", "URI:spiffe://mayfly.internal/ns/test/sa/api",
        "URI:spiffe://other.internal/ns/prod/sa/api", "DNS:api.test.svc.internal",
        "DNS:x.api.prod.svc.internal", "DNS:*.prod.svc.internal"}) {
    EXPECT_THAT(RulesOf(Ask(basis, Wish({foreign}), api)), ElementsAre("policy.name")) << foreign;
  }
  for (const char* other : {"/ns/prod/sa", "/ns/prod/sa/api/x", "/NS/prod/sa/api"}) {
    EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:api.prod.svc.internal"}), Workload(other))),
                ElementsAre("policy.principal"))
        << other;
  }
}

TEST(Authorizer, AClaimThatIsNoPlainSegmentFitsNowhere) {
  DecisionBasis basis = PlacesBasis();
  basis.policy.rules.back().principals = {Who("local:*")};
  for (const char* value :
       {"a/b", "*", "a%2fb", "", ".", "..", "a b", "a\n", "\xc3\xa4", "a.b", "A", "-a"}) {
    Principal local{ProofOfIdentity::kLocal, "local:1", "local:1", {}};
    local.claims = {
        {"namespace", "prod"}, {"serviceaccount", value}, {"trust_domain", "mayfly.internal"}};
    const bool is_segment = std::string_view(value) == "a.b" || std::string_view(value) == "A" ||
                            std::string_view(value) == "-a";
    auto name = x509::GeneralName::Uri("spiffe://mayfly.internal/ns/prod/sa/" + std::string(value));
    if (name) {
      IssuanceWish wish = Wish({});
      wish.names = {*name};
      EXPECT_EQ(Ask(basis, wish, local).has_value(), is_segment) << value;
    }
    auto host = x509::GeneralName::Dns(std::string(value) + ".prod.svc.internal");
    if (host) {
      IssuanceWish wish = Wish({});
      wish.names = {*host};
      EXPECT_FALSE(Ask(basis, wish, local)) << value;
    }
  }
}

TEST(Authorizer, AClaimOfAnotherValueIsAnotherRequester) {
  Principal api = Workload("/ns/prod/sa/api");
  api.claims = {{"namespace", "test"}};
  EXPECT_THAT(RulesOf(Ask(PlacesBasis(), Wish({"DNS:api.prod.svc.internal"}), api)),
              ElementsAre("policy.principal"));
}

TEST(Authorizer, EachWayOfFittingARuleCounts) {
  DecisionBasis basis = PlacesBasis();
  Rule& rule = basis.policy.rules.back();
  rule.principals = {Who("spiffe://mayfly.internal/ns/{place}/sa/api"),
                     Who("spiffe://mayfly.internal/ns/prod/sa/{place}")};
  rule.names = {Pattern(x509::GeneralName::Kind::kDns, "{place}.svc.internal")};
  const Principal api = Workload("/ns/prod/sa/api");
  for (const char* name : {"DNS:prod.svc.internal", "DNS:api.svc.internal"}) {
    EXPECT_TRUE(Ask(basis, Wish({name}), api)) << name;
  }
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:other.svc.internal"}), api)),
              ElementsAre("policy.name"));
}

TEST(Authorizer, NamesAsReflectionReadNothingOfTheRequest) {
  DecisionBasis basis = Basis();
  basis.policy.profiles["server"].names_from = NamesFrom::kPrincipal;
  basis.policy.rules[0].names.push_back(
      Pattern(x509::GeneralName::Kind::kUri, "spiffe://mayfly.internal/web"));
  auto grant = Ask(basis, Wish({"DNS:whatever.example"}));
  ASSERT_TRUE(grant) << Describe(grant.error(), ErrorText::kForLog);
  EXPECT_EQ(grant->names(), Web().names);
  Principal nameless = Web();
  nameless.names.clear();
  const auto refused = Ask(basis, Wish({"DNS:a.web.internal"}), nameless);
  ASSERT_THAT(RulesOf(refused), ElementsAre("policy.no-names"));
  EXPECT_THAT(refused.error().violations[0].message,
              AllOf(HasSubstr("names who asks"), Not(HasSubstr("asked for"))));
}

TEST(Authorizer, AProfileCanAskForProofOfControlOfEachName) {
  DecisionBasis basis = Basis();
  basis.policy.profiles["server"].prove_control = true;
  const Authorizer authorizer(std::make_shared<const DecisionBasis>(basis));
  const auto ask = [&](const std::vector<std::string>& names,
                       const std::vector<std::string>& controlled) {
    const Evidence evidence{Names(controlled)};
    const auto grant = authorizer.Authorize(Web(), Wish(names), evidence);
    EXPECT_EQ(bool(authorizer.Explain(Web(), Wish(names), evidence).verdict), bool(grant));
    return RulesOf(grant);
  };
  EXPECT_THAT(ask({"DNS:a.web.internal"}, {"DNS:a.web.internal", "DNS:b.web.internal"}),
              testing::IsEmpty());
  EXPECT_THAT(ask({"DNS:a.web.internal"}, {}), ElementsAre("policy.name-control"));
  EXPECT_THAT(ask({"DNS:a.web.internal", "DNS:b.web.internal"}, {"DNS:a.web.internal"}),
              ElementsAre("policy.name-control"));
  // Control is no grant.
  EXPECT_THAT(ask({"DNS:db.internal"}, {"DNS:db.internal"}), ElementsAre("policy.name"));
  // Nothing is proved anew where a certificate or a token speaks.
  EXPECT_THAT(RulesOf(authorizer.AuthorizeRenewal(Web(), Wish({"DNS:a.web.internal"}))),
              ElementsAre("policy.name-control"));
  basis.policy.profiles["server"].prove_control = false;
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:a.web.internal"}))), testing::IsEmpty());
}

TEST(Authorizer, ExplainsWhatEveryRuleSaid) {
  using Outcome = RuleTrial::Outcome;
  DecisionBasis basis = Basis();
  basis.policy.rules.push_back(
      Denial({Who("*")}, {}, {Pattern(x509::GeneralName::Kind::kDns, "prod.web.internal")}));
  const Authorizer authorizer(std::make_shared<const DecisionBasis>(basis));
  const auto explained =
      authorizer.Explain(Web(), Wish({"DNS:prod.web.internal", "DNS:a.web.internal"}), Evidence{});
  EXPECT_FALSE(explained.verdict);
  EXPECT_EQ(explained.names, Names({"DNS:a.web.internal", "DNS:prod.web.internal"}));
  std::vector<std::pair<std::string, Outcome>> said;
  for (const RuleTrial& trial : explained.trials) said.emplace_back(trial.rule, trial.outcome);
  EXPECT_THAT(
      said,
      ElementsAre(std::pair("web", Outcome::kGrants), std::pair("net", Outcome::kNoName),
                  std::pair("db", Outcome::kOtherPrincipal), std::pair("no", Outcome::kDenies)));
  EXPECT_EQ(explained.trials[0].names, Names({"DNS:a.web.internal"}));
  EXPECT_EQ(explained.trials[3].names, Names({"DNS:prod.web.internal"}));
  EXPECT_TRUE(authorizer.Explain(Web(), Wish({"DNS:a.web.internal"}), Evidence{}).verdict);
}

TEST(Authorizer, ExplainsWhyARuleDecidedNothing) {
  using Outcome = RuleTrial::Outcome;
  DecisionBasis basis = Basis();
  basis.policy.rules.push_back(Rule{"again",
                                    {Who("spiffe://mayfly.internal/{name}")},
                                    {"server"},
                                    {Pattern(x509::GeneralName::Kind::kDns, "a.{name}.internal")}});
  const Authorizer authorizer(std::make_shared<const DecisionBasis>(basis));
  const auto outcomes = [&](const std::vector<std::string>& names) {
    std::vector<Outcome> said;
    const auto explained = authorizer.Explain(Web(), Wish(names), Evidence{});
    for (const RuleTrial& trial : explained.trials) said.push_back(trial.outcome);
    return said;
  };
  const auto other = Outcome::kOtherPrincipal;
  EXPECT_THAT(outcomes({"DNS:a.web.internal"}),
              ElementsAre(Outcome::kGrants, Outcome::kNoName, other, Outcome::kOtherFirst));
  EXPECT_THAT(outcomes({"DNS:b.web.internal"}),
              ElementsAre(Outcome::kGrants, Outcome::kNoName, other, Outcome::kNoName));
  const auto none = Outcome::kNoNameLooked;
  EXPECT_THAT(outcomes({}), ElementsAre(none, none, other, none));
  EXPECT_THAT(outcomes({"email:a@web.internal"}), ElementsAre(none, none, other, none));
  std::vector<std::string> many;
  for (int i = 0; i < 101; ++i) many.push_back("DNS:h" + std::to_string(i) + ".web.internal");
  EXPECT_THAT(outcomes(many), ElementsAre(none, none, other, none));
}

TEST(Authorizer, ARuleWithTwoWaysOfFittingIsAskedInEach) {
  DecisionBasis basis = Basis();
  basis.policy.rules.push_back(
      Rule{"ways",
           {Who("spiffe://mayfly.internal/{other}"), Who("spiffe://mayfly.internal/{name}")},
           {"server"},
           {Pattern(x509::GeneralName::Kind::kDns, "{name}.internal")}});
  EXPECT_TRUE(Ask(basis, Wish({"DNS:web.internal"})));
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:other.internal"}))), ElementsAre("policy.name"));
}

TEST(Authorizer, AnyLocalIsForLocalUsersOnly) {
  Principal local{ProofOfIdentity::kLocal, "local:1000", "local:1000", {}};
  EXPECT_TRUE(Ask(Basis(), Wish({"DNS:a.web.internal"}), local));
  local.proof = ProofOfIdentity::kCertificate;
  EXPECT_THAT(RulesOf(Ask(Basis(), Wish({"DNS:a.web.internal"}), local)),
              ElementsAre("policy.principal"));
}

TEST(Authorizer, NeedsANameAndCountsThem) {
  EXPECT_THAT(RulesOf(Ask(Basis(), Wish({}))), ElementsAre("policy.no-names"));
  std::vector<std::string> names;
  for (size_t i = 0; i < x509::kNamesMax; ++i) {
    names.push_back("DNS:h" + std::to_string(i) + ".web.internal");
  }
  EXPECT_TRUE(Ask(Basis(), Wish(names)));
  names.push_back("DNS:one-more.web.internal");
  EXPECT_THAT(RulesOf(Ask(Basis(), Wish(names))), ElementsAre("policy.name-count"));
}

TEST(Authorizer, KeepsToTheKindsOfTheProfile) {
  DecisionBasis basis = Basis();
  basis.policy.rules[0].names.push_back(Pattern(x509::GeneralName::Kind::kEmail, "*@web.internal"));
  EXPECT_THAT(RulesOf(Ask(basis, Wish({"email:a@web.internal"}))), ElementsAre("policy.name-kind"));
}

TEST(Authorizer, ASpiffeIdIsTheOnlyUri) {
  EXPECT_TRUE(Ask(Basis(), Wish({"URI:spiffe://mayfly.internal/web/a", "DNS:a.web.internal"})));
  EXPECT_TRUE(Ask(Basis(), Wish({"URI:https://web.internal/"})));
  EXPECT_THAT(RulesOf(Ask(Basis(), Wish({"URI:spiffe://mayfly.internal/web/a",
                                         "URI:spiffe://mayfly.internal/web/b"}))),
              ElementsAre("policy.spiffe-one-uri"));
  EXPECT_THAT(RulesOf(Ask(Basis(), Wish({"URI:spiffe://mayfly.internal/web/a",
                                         "URI:https://web.internal/"}))),
              ElementsAre("policy.spiffe-one-uri"));
}

TEST(Authorizer, KeepsToTheLifetime) {
  IssuanceWish wish = Wish({"DNS:a.web.internal"});
  for (Seconds allowed : {Seconds(1), kDay, 7 * kDay}) {
    wish.lifetime = allowed;
    EXPECT_EQ(Ask(Basis(), wish)->lifetime(), allowed);
  }
  for (Seconds refused : {Seconds(-1), Seconds(0), 7 * kDay + Seconds(1), Seconds::max()}) {
    wish.lifetime = refused;
    EXPECT_THAT(RulesOf(Ask(Basis(), wish)), ElementsAre("policy.lifetime")) << refused.count();
  }
}

TEST(Authorizer, UnknownProfilesAreUnknown) {
  IssuanceWish wish = Wish({"DNS:a.web.internal"});
  wish.profile = "sever";
  auto grant = Ask(Basis(), wish);
  ASSERT_FALSE(grant);
  EXPECT_EQ(grant.error().code, ErrorCode::kUnknownProfile);
  EXPECT_EQ(grant.error().rule, "profile.unknown");
  EXPECT_THAT(grant.error().message, HasSubstr("quiet, server"));
}

TEST(Authorizer, NobodyCanAskForTheRespondersProfile) {
  DecisionBasis basis = Basis();
  basis.policy.profiles["ocsp-responder"] = ServerProfile();
  basis.policy.rules[0].profiles.insert("ocsp-responder");
  IssuanceWish wish = Wish({"DNS:a.web.internal"});
  wish.profile = "ocsp-responder";
  EXPECT_EQ(Ask(basis, wish).error().code, ErrorCode::kUnknownProfile);
}

TEST(Authorizer, WithoutAPolicyEverythingIsDenied) {
  DecisionBasis basis = Basis();
  basis.policy_version = 0;
  EXPECT_EQ(Ask(basis, Wish({"DNS:a.web.internal"})).error().code, ErrorCode::kUnknownProfile);
}

TEST(Authorizer, BlocksHold) {
  IssuanceWish wish = Wish({"DNS:a.web.internal"});
  wish.key_hash = Hash256{1, 2, 3};
  wish.lineage = Uuid::Parse("018f0000-0000-7000-8000-000000000002").value();
  ASSERT_TRUE(Ask(Basis(), wish));

  auto expect_blocked = [&wish](BlockKind kind, ByteSpan value, const std::string& field) {
    DecisionBasis basis = Basis();
    Block(basis, kind, value);
    auto grant = Ask(basis, wish);
    ASSERT_THAT(RulesOf(grant), ElementsAre("policy.blocked")) << field;
    EXPECT_EQ(grant.error().violations[0].field, field);
  };
  expect_blocked(BlockKind::kIssuer, AsBytes("issuing-1"), "issuer");
  expect_blocked(BlockKind::kKey, wish.key_hash, "csr");
  expect_blocked(BlockKind::kLineage, wish.lineage->octets(), "lineage");
  expect_blocked(BlockKind::kIdentity, AsBytes("DNS:a.web.internal"), "subject_alt_names");
}

// Whoever asked first need not be allowed any more, but somebody must be.
TEST(Authorizer, ARenewalIsWhatTheProfileAndSomeRuleStillGrant) {
  DecisionBasis basis = Basis();
  const IssuanceWish wish = Wish({"DNS:a.web.internal"});
  const auto ask = [&] {
    return Authorizer(std::make_shared<const DecisionBasis>(basis)).AuthorizeRenewal(Web(), wish);
  };
  EXPECT_TRUE(ask());
  basis.policy.profiles.at(wish.profile).renewal = Renewal::kRefuse;
  EXPECT_THAT(RulesOf(ask()), ElementsAre("policy.renewal"));
  basis.policy.profiles.at(wish.profile).renewal = Profile().renewal;
  basis.policy.rules.clear();
  EXPECT_THAT(RulesOf(ask()), testing::Contains("policy.principal"));
}

// A token is on its maker's authority, and is blocked by itself.
TEST(Authorizer, AnEnrolmentIsGrantedAsToWhoMadeTheToken) {
  Enrolment enrolment{.token = Uuid::Parse("018f0000-0000-7000-8000-000000000003").value(),
                      .token_hash = {},
                      .profile = "web",
                      .names = {},
                      .uses_max = 1,
                      .expires = {},
                      .enroller = Web()};
  DecisionBasis basis = Basis();
  basis.policy.enrollers = {*PrincipalPattern::Parse(Web().id)};
  IssuanceWish wish = Wish({"DNS:a.web.internal"});
  wish.token = enrolment.token;
  const auto ask = [&] {
    return Authorizer(std::make_shared<const DecisionBasis>(basis))
        .AuthorizeEnrolment(enrolment, wish);
  };
  const auto grant = ask();
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->principal(), "enrolment:018f0000-0000-7000-8000-000000000003");

  basis.policy.enrollers.clear();
  EXPECT_THAT(RulesOf(ask()), ElementsAre("policy.role"));
  basis.policy.admins = {*PrincipalPattern::Parse(Web().id)};
  EXPECT_TRUE(ask());
  Block(basis, BlockKind::kEnrolmentToken, enrolment.token.octets());
  EXPECT_THAT(RulesOf(ask()), ElementsAre("policy.blocked"));
  basis.blocks.clear();
  Block(basis, BlockKind::kIdentity, AsBytes("URI:spiffe://mayfly.internal/web"));
  EXPECT_THAT(RulesOf(ask()), ElementsAre("policy.blocked"));
  basis.blocks.clear();
  basis.policy.profiles.at(wish.profile).names_from = NamesFrom::kPrincipal;
  EXPECT_THAT(RulesOf(ask()), testing::Contains("policy.names-from"));
}

TEST(Authorizer, WhoIsBlockedAsksForNothing) {
  DecisionBasis by_name = Basis();
  Block(by_name, BlockKind::kIdentity, AsBytes("URI:spiffe://mayfly.internal/web"));
  EXPECT_THAT(RulesOf(Ask(by_name, Wish({"DNS:a.web.internal"}))), ElementsAre("policy.blocked"));
  DecisionBasis by_lineage = Basis();
  Block(by_lineage, BlockKind::kLineage, Uuid::Parse(kLineage)->octets());
  EXPECT_THAT(RulesOf(Ask(by_lineage, Wish({"DNS:a.web.internal"}))),
              ElementsAre("policy.blocked"));
}

// A rule about somebody in two ways denies in both.
TEST(Authorizer, EveryPrincipalThatFitsFillsPlaces) {
  for (const std::vector<std::string>& principals :
       {std::vector<std::string>{"*", "spiffe://mayfly.internal/{name}"},
        std::vector<std::string>{"spiffe://mayfly.internal/{name}", "*"},
        std::vector<std::string>{"spiffe://mayfly.internal/{other}",
                                 "spiffe://mayfly.internal/{name}"}}) {
    DecisionBasis basis = Basis();
    Rule rule;
    rule.name = "own-name";
    rule.effect = RuleEffect::kDeny;
    for (const std::string& text : principals) {
      rule.principals.push_back(*PrincipalPattern::Parse(text));
    }
    rule.names.push_back(*NamePattern::Parse(x509::GeneralName::Kind::kDns, "{name}.web.internal"));
    basis.policy.rules.push_back(rule);
    EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:web.web.internal"}))),
                ElementsAre("policy.name-denied"));
    EXPECT_TRUE(Ask(basis, Wish({"DNS:api.web.internal"})));
    basis.policy.rules.back().names.clear();
    EXPECT_THAT(RulesOf(Ask(basis, Wish({"DNS:api.web.internal"}))), ElementsAre("policy.denied"));
  }
}

TEST(Authorizer, WhoseOwnKeyIsBlockedAsksForNothing) {
  DecisionBasis basis = Basis();
  Principal principal = Web();
  principal.key_hash = Hash256{5};
  const auto ask = [&] {
    Authorizer authorizer(std::make_shared<const DecisionBasis>(basis));
    return authorizer.Authorize(principal, Wish({"DNS:a.web.internal"}), {});
  };
  EXPECT_TRUE(ask());
  Block(basis, BlockKind::kKey, *principal.key_hash);
  EXPECT_THAT(RulesOf(ask()), ElementsAre("policy.blocked"));
}

TEST(Authorizer, BlocksOfOtherKindsOrValuesDoNot) {
  DecisionBasis basis = Basis();
  Block(basis, BlockKind::kKey, AsBytes("issuing-1"));
  Block(basis, BlockKind::kIssuer, AsBytes("issuing-2"));
  Block(basis, BlockKind::kIdentity, AsBytes("DNS:b.web.internal"));
  EXPECT_TRUE(Ask(basis, Wish({"DNS:a.web.internal"})));
}

TEST(Authorizer, ReportsEveryFindingAtOnce) {
  DecisionBasis basis = Basis();
  Block(basis, BlockKind::kIssuer, AsBytes("issuing-1"));
  IssuanceWish wish = Wish({"DNS:evil", "email:a@web.internal"});
  wish.lifetime = 8 * kDay;
  EXPECT_THAT(RulesOf(Ask(basis, wish)), UnorderedElementsAre("policy.name", "policy.name-kind",
                                                              "policy.lifetime", "policy.blocked"));
}

TEST(Authorizer, TheRespondersProfileIsBuiltIn) {
  auto grant = AskForResponder(Basis());
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->profile().name, kResponderProfileName);
  EXPECT_THAT(grant->profile().extended_key_usages, ElementsAre(x509::oid::OcspSigning()));
  EXPECT_EQ(grant->profile().key_usages,
            static_cast<x509::KeyUsages>(x509::KeyUsage::kDigitalSignature));
  EXPECT_TRUE(grant->profile().ocsp_no_check);
  EXPECT_TRUE(grant->names().empty());
  EXPECT_EQ(grant->lifetime(), 7 * kDay);
  EXPECT_EQ(grant->decision(), 9u);
}

TEST(Authorizer, BlocksHoldForTheResponderToo) {
  DecisionBasis issuer = Basis();
  Block(issuer, BlockKind::kIssuer, AsBytes("issuing-1"));
  EXPECT_THAT(RulesOf(AskForResponder(issuer)), ElementsAre("policy.blocked"));
  DecisionBasis key = Basis();
  Block(key, BlockKind::kKey, Hash256{7});
  EXPECT_THAT(RulesOf(AskForResponder(key)), ElementsAre("policy.blocked"));
}

TEST(Principal, IdIsTheOnlyUriElseTheFirstDnsNameElseTheFirstName) {
  EXPECT_EQ(PrincipalIdOf(Names({"DNS:a.b", "URI:spiffe://td/x"})), "spiffe://td/x");
  EXPECT_EQ(PrincipalIdOf(Names({"URI:https://a/", "URI:https://b/", "DNS:a.b"})), "dns:a.b");
  EXPECT_EQ(PrincipalIdOf(Names({"IP:10.0.0.1", "DNS:a.b", "DNS:c.d"})), "dns:a.b");
  EXPECT_EQ(PrincipalIdOf(Names({"IP:10.0.0.1"})), "ip:10.0.0.1");
  EXPECT_EQ(PrincipalIdOf(Names({"email:a@b.c"})), "email:a@b.c");
  EXPECT_EQ(PrincipalIdOf({}), "");
}

}  // namespace
}  // namespace mayfly::policy
