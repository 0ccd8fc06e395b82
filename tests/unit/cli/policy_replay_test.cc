#include "clients/cli/policy_replay.h"

#include <gtest/gtest.h>

#include "clients/cpp/certificate_facts.h"
#include "config/policy_file.h"

namespace mayfly::cli {
namespace {

constexpr int64_t kDay = 86'400;

policy::Policy PolicyWith(const std::string& lifetime, const std::string& name,
                          const std::string& principal = "dns:web.internal") {
  auto policy = config::ParsePolicy(
      "admins = [\"dns:admin.internal\"]\n[profile.server]\nlifetime = \"" + lifetime +
          "\"\nlifetime_max = \"30d\"\n"
          "key_usage = [\"digital-signature\"]\n"
          "extended_key_usage = [\"server-auth\"]\n"
          "names = [\"dns\"]\n[[rule]]\nname = \"web\"\n"
          "principals = [\"" +
          principal +
          "\"]\n"
          "profiles = [\"server\"]\ndns = [\"" +
          name + "\"]\n",
      "policy");
  EXPECT_TRUE(policy);
  return *std::move(policy);
}

ca::v1::Certificate Record(const std::string& name, int64_t lifetime_s,
                           const std::string& principal = "dns:web.internal") {
  ca::v1::Certificate record;
  record.set_principal(principal);
  record.set_profile("server");
  record.add_subject_alt_names("DNS:" + name);
  record.mutable_not_before_time()->set_seconds(1000);
  record.mutable_not_after_time()->set_seconds(1000 + lifetime_s - 1);
  return record;
}

TEST(Replay, TellsWhatWouldBeDeniedAndAllowed) {
  Replay replay(PolicyWith("7d", "web.internal"), PolicyWith("7d", "api.internal"));
  replay.Look(Record("web.internal", 7 * kDay));
  replay.Look(Record("web.internal", 7 * kDay));
  replay.Look(Record("api.internal", kDay));
  replay.Look(Record("db.internal", kDay));
  EXPECT_EQ(replay.looked_at(), 4u);
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].change, Change::kDenied);
  EXPECT_EQ(changes[0].count, 2u);
  EXPECT_EQ(changes[0].names, std::vector<std::string>{"DNS:web.internal"});
  EXPECT_EQ(changes[0].rules, std::vector<std::string>{"policy.name"});
  EXPECT_EQ(changes[1].change, Change::kAllowed);
  EXPECT_EQ(changes[1].after, Seconds(kDay));
}

TEST(Replay, RenewalsAreDecidedAsRenewals) {
  Replay replay(PolicyWith("7d", "web.internal"), PolicyWith("7d", "api.internal"));
  // Held by somebody whom no rule names: enrolled with a token, renewed since.
  ca::v1::Certificate renewed = Record("web.internal", 7 * kDay, "dns:held.internal");
  renewed.set_generation(3);
  replay.Look(renewed);
  ASSERT_EQ(replay.changes().size(), 1u);
  EXPECT_EQ(replay.changes()[0].change, Change::kDenied);
  EXPECT_EQ(replay.denied_by_both(), 0u);
}

constexpr const char* kTokenHolder = "jwt:cluster:system:serviceaccount:prod:web";

policy::Policy PolicyForTokens(const std::string& name) {
  return PolicyWith("7d", name, "jwt:cluster:*");
}

TEST(Replay, TheClaimsOfATokenTakePart) {
  Replay replay(PolicyForTokens("web.{namespace}.internal"),
                PolicyForTokens("web.{serviceaccount}.internal"));
  ca::v1::Certificate record = Record("web.prod.internal", 7 * kDay, kTokenHolder);
  (*record.mutable_claims())["namespace"] = "prod";
  (*record.mutable_claims())["serviceaccount"] = "web";
  replay.Look(record);
  ca::v1::Event denial;
  denial.set_principal(kTokenHolder);
  auto& detail = *denial.mutable_detail()->mutable_fields();
  detail["profile"].set_string_value("server");
  detail["claims"].set_string_value("namespace=prod serviceaccount=web");
  detail["names"].mutable_list_value()->add_values()->set_string_value("DNS:web.web.internal");
  replay.Look(denial);
  EXPECT_EQ(replay.denied_by_both(), 0u);
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].change, Change::kDenied);
  EXPECT_EQ(changes[0].names, std::vector<std::string>{"DNS:web.prod.internal"});
  EXPECT_EQ(changes[1].change, Change::kAllowed);
  EXPECT_EQ(changes[1].names, std::vector<std::string>{"DNS:web.web.internal"});
}

TEST(Replay, WhatATokenGaveIsDecidedByItsMaker) {
  const std::string token = "0190a1b2-0000-7000-8000-000000000001";
  policy::Policy in_force = PolicyWith("7d", "web.internal");
  in_force.enrollers.push_back(*policy::PrincipalPattern::Parse("dns:web.internal"));
  policy::Policy without_enrollers = PolicyWith("7d", "web.internal");
  Replay replay(std::move(in_force), std::move(without_enrollers));
  ca::v1::Event created;
  created.set_principal("dns:web.internal");
  (*created.mutable_detail()->mutable_fields())["token"].set_string_value(token);
  replay.LookAtToken(created);
  replay.Look(Record("web.internal", 7 * kDay, "enrolment:" + token));
  EXPECT_EQ(replay.passed_over(), 0u);
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, Change::kDenied);
  EXPECT_EQ(changes[0].rules, std::vector<std::string>{"policy.role"});
  EXPECT_EQ(changes[0].principal, "enrolment:" + token);
}

TEST(Replay, WhatItCannotTellIsCounted) {
  Replay replay(PolicyWith("7d", "web.internal"), PolicyWith("7d", "api.internal"));
  replay.Look(Record("web.internal", 7 * kDay, kTokenHolder));
  EXPECT_EQ(replay.looked_at(), 1u);
  EXPECT_EQ(replay.denied_by_both(), 1u);
  replay.Look(Record("web.internal", 7 * kDay, "enrolment:0190a1b2-0000-7000-8000-000000000001"));
  EXPECT_EQ(replay.passed_over(), 1u);
}

ca::v1::Event Denial(const std::string& name) {
  ca::v1::Event event;
  event.set_principal("dns:web.internal");
  auto& detail = *event.mutable_detail()->mutable_fields();
  detail["profile"].set_string_value("server");
  if (!name.empty()) {
    detail["names"].mutable_list_value()->add_values()->set_string_value("DNS:" + name);
  }
  return event;
}

TEST(Replay, TellsWhatOfTheDeniedWouldBeAllowed) {
  Replay replay(PolicyWith("7d", "web.internal"), PolicyWith("7d", "api.internal"));
  replay.Look(Denial("api.internal"));
  replay.Look(Denial("api.internal"));
  replay.Look(Denial("db.internal"));
  ca::v1::Event asked_for_long = Denial("api.internal");
  (*asked_for_long.mutable_detail()->mutable_fields())["lifetime_seconds"].set_number_value(31 *
                                                                                            kDay);
  replay.Look(asked_for_long);  // still denied: policy.lifetime
  replay.Look(Denial(""));      // nobody kept its names
  EXPECT_EQ(replay.looked_at(), 4u);
  EXPECT_EQ(replay.passed_over(), 1u);
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, Change::kAllowed);
  EXPECT_EQ(changes[0].count, 2u);
  EXPECT_EQ(changes[0].after, Seconds(7 * kDay));
}

TEST(Replay, TheKeyOfACertificateIsJudgedToo) {
  policy::Policy only_p521 = PolicyWith("7d", "web.internal");
  only_p521.profiles.at("server").key_rules.allowed = {x509::KeyType::kEcP521};
  Replay replay(PolicyWith("7d", "web.internal"), std::move(only_p521));
  ca::v1::Certificate record = Record("web.internal", 7 * kDay);
  const auto leaf = client::ReadCertificates(std::string(MAYFLY_SOURCE_DIR) +
                                             "/tests/golden/x509/python-every-extension.crt");
  ASSERT_TRUE(leaf);
  ASSERT_TRUE(x509::Certificate::FromDer(leaf->at(0).der));
  record.set_certificate_der(ToString(leaf->at(0).der));  // of another key
  replay.Look(record);
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, Change::kDenied);
  EXPECT_EQ(changes[0].rules, std::vector<std::string>{"key.type"});
}

TEST(Replay, ADeniedRenewalIsDecidedAsOne) {
  policy::Policy refusing = PolicyWith("7d", "web.internal");
  refusing.profiles.at("server").renewal = policy::Renewal::kRefuse;
  Replay replay(std::move(refusing), PolicyWith("7d", "web.internal"));
  ca::v1::Event denial = Denial("web.internal");
  auto& detail = *denial.mutable_detail()->mutable_fields();
  detail["renewal"].set_bool_value(true);
  detail["rules"].mutable_list_value()->add_values()->set_string_value("policy.renewal");
  replay.Look(denial);
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, Change::kAllowed);
  EXPECT_EQ(changes[0].rules, std::vector<std::string>{"policy.renewal"});
}

TEST(Replay, NamesThatCameFromTheRequesterAreTheRequesters) {
  const auto reflecting = [](const std::string& name) {
    policy::Policy policy = PolicyWith("7d", name);
    policy.profiles.at("server").names_from = policy::NamesFrom::kPrincipal;
    return policy;
  };
  Replay replay(reflecting("*.internal"), reflecting("web.internal"));
  ca::v1::Certificate record = Record("web.internal", 7 * kDay);
  record.add_subject_alt_names("DNS:api.internal");
  replay.Look(record);
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, Change::kDenied);
  EXPECT_EQ(changes[0].rules, std::vector<std::string>{"policy.name"});
}

TEST(Replay, OtherNamesAreAChange) {
  policy::Policy reflecting = PolicyWith("1d", "*.internal");
  reflecting.profiles.at("server").names_from = policy::NamesFrom::kPrincipal;
  Replay replay(PolicyWith("7d", "*.internal"), std::move(reflecting));
  replay.Look(Record("api.internal", 7 * kDay));
  replay.Look(Record("web.internal", 2 * kDay));  // the requester's own: it stays
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, Change::kNames);
  EXPECT_EQ(changes[0].names_before, std::vector<std::string>{"DNS:api.internal"});
  EXPECT_EQ(changes[0].names_after, std::vector<std::string>{"DNS:web.internal"});
  EXPECT_EQ(changes[0].before, Seconds(7 * kDay));
  EXPECT_EQ(changes[0].after, Seconds(kDay));
}

TEST(Replay, WhoRenewsHoldsTheNamesThatItAsksFor) {
  policy::Policy reflecting = PolicyWith("7d", "*.internal");
  reflecting.profiles.at("server").names_from = policy::NamesFrom::kPrincipal;
  Replay replay(PolicyWith("7d", "*.internal"), std::move(reflecting));
  ca::v1::Certificate renewed = Record("api.internal", 7 * kDay);
  renewed.add_subject_alt_names("DNS:web.internal");
  renewed.set_generation(1);
  replay.Look(renewed);
  EXPECT_TRUE(replay.changes().empty());
}

TEST(Replay, AnotherIssuerIsAChange) {
  policy::Policy moved = PolicyWith("7d", "web.internal");
  moved.profiles.at("server").issuers = {"issuing-2"};
  Replay replay(PolicyWith("7d", "web.internal"), std::move(moved));
  replay.Look(Record("web.internal", 7 * kDay));
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, Change::kIssuer);
  EXPECT_EQ(changes[0].issuer_before, "");
  EXPECT_EQ(changes[0].issuer_after, "issuing-2");
}

TEST(Replay, PassesOverDenialsOfWhatOnlyTheServerKnows) {
  Replay replay(PolicyWith("7d", "web.internal"), PolicyWith("7d", "api.internal"));
  for (const char* rule : {"policy.key-reused", "policy.outlives-issuer", "policy.blocked",
                           "policy.name-constraints", "policy.issuer-unknown", "policy.role"}) {
    ca::v1::Event denial = Denial("web.internal");
    auto& rules = (*denial.mutable_detail()->mutable_fields())["rules"];
    rules.mutable_list_value()->add_values()->set_string_value(rule);
    replay.Look(denial);
  }
  EXPECT_EQ(replay.passed_over(), 6u);
  EXPECT_EQ(replay.looked_at(), 0u);
}

TEST(Replay, PassesOverDenialsOfWhatTheRequestHeld) {
  Replay replay(PolicyWith("7d", "web.internal"), PolicyWith("7d", "api.internal"));
  ca::v1::Event denial = Denial("api.internal");
  auto& rules = (*denial.mutable_detail()->mutable_fields())["rules"];
  rules.mutable_list_value()->add_values()->set_string_value("key.type");
  replay.Look(denial);
  EXPECT_EQ(replay.passed_over(), 1u);
  EXPECT_TRUE(replay.changes().empty());
}

TEST(Replay, ALifetimeIsTheProfilesUnlessItDiffers) {
  Replay replay(PolicyWith("7d", "web.internal"), PolicyWith("1d", "web.internal"));
  replay.Look(Record("web.internal", 7 * kDay));  // the profile's: changes with it
  replay.Look(Record("web.internal", 2 * kDay));  // asked for: stays
  const auto changes = replay.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, Change::kLifetime);
  EXPECT_EQ(changes[0].before, Seconds(7 * kDay));
  EXPECT_EQ(changes[0].after, Seconds(kDay));
}

TEST(Replay, PassesOverWhatNoPolicyDecides) {
  Replay replay(PolicyWith("7d", "web.internal"), PolicyWith("7d", "api.internal"));
  replay.Look(Record("web.internal", kDay, "system:ocsp responder"));
  EXPECT_EQ(replay.looked_at(), 0u);
  EXPECT_EQ(replay.passed_over(), 1u);
  EXPECT_TRUE(replay.changes().empty());
}

TEST(Replay, KeepsNoMoreChangesThanTheLimit) {
  Replay replay(PolicyWith("7d", "*.internal"), PolicyWith("7d", "api.example"));
  for (size_t i = 0; i <= kReplayChangesMax; ++i) {
    replay.Look(Record("w" + std::to_string(i) + ".internal", kDay));
    if (i + 1 == kReplayChangesMax) {
      EXPECT_EQ(replay.not_kept(), 0u);
    }
  }
  replay.Look(Record("w0.internal", kDay));  // kept already: counted
  EXPECT_EQ(replay.changes().size(), kReplayChangesMax);
  EXPECT_EQ(replay.not_kept(), 1u);
}

}  // namespace
}  // namespace mayfly::cli
