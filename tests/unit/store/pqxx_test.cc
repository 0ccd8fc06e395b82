#include "store/pqxx.h"

#include <gtest/gtest.h>

namespace mayfly::store {
namespace {

std::string RuleOf(const Result<std::string>& result) {
  return result ? "ok" : result.error().rule;
}

TEST(ConnectionKeywords, RoleIsAddedLastSoThatItWins) {
  auto keywords = ConnectionKeywords({.connection = "host=/run/pg dbname=mayfly user=root",
                                      .role = "mayfly_issue",
                                      .password_file = "/etc/o'brien\\pass"});
  ASSERT_TRUE(keywords);
  EXPECT_TRUE(keywords->starts_with("host=/run/pg dbname=mayfly user=root user='mayfly_issue' "));
  EXPECT_NE(keywords->find(" passfile='/etc/o\\'brien\\\\pass'"), std::string::npos);
  EXPECT_NE(keywords->find(" connect_timeout='2'"), std::string::npos);
  EXPECT_NE(keywords->find(" target_session_attrs='read-write'"), std::string::npos);
}

TEST(ConnectionKeywords, AReaderMayUseAStandby) {
  auto keywords = ConnectionKeywords({.connection = "dbname=mayfly", .access = Access::kAny});
  EXPECT_EQ(keywords->find("target_session_attrs"), std::string::npos);
}

TEST(ConnectionKeywords, RefusesWhatTheRoleCouldNotBeAddedTo) {
  for (const char* text : {"postgresql://host/mayfly", "host='open", "host=a b", "nonsense=1",
                           "dbname=mayfly password=secret", "host=a\\"}) {
    // A trailing backslash would swallow the blank before what is added.
    EXPECT_EQ(RuleOf(ConnectionKeywords({.connection = text, .role = "mayfly_issue"})),
              "database.connection")
        << text;
  }
  auto error = ConnectionKeywords({.connection = "password=hunter2"}).error();
  EXPECT_EQ(Describe(error, ErrorText::kForLog).find("hunter2"), std::string::npos);
}

TEST(ArrayText, QuotesEveryElement) {
  EXPECT_EQ(ArrayText().Take(), "{}");
  EXPECT_EQ(ArrayText().Add(std::string_view("a\",\\{}")).AddNull().Add(int64_t{-7}).Take(),
            R"({"a\",\\{}",NULL,-7})");
  EXPECT_EQ(ArrayText().Add(std::string_view("NULL")).Add(std::string_view("")).Take(),
            R"({"NULL",""})");
  const Bytes bytes = {0, 255};
  EXPECT_EQ(ArrayText().Add(ByteSpan(bytes)).Take(), R"({"\\x00ff"})");
}

TEST(SqlError, WhatTheClientLearns) {
  using Kind = SqlError::Kind;
  const std::string secret = "relation mayfly.issuance";
  auto lost = ToError({Kind::kLost, "", secret});
  EXPECT_EQ(lost.code, ErrorCode::kStoreUnavailable);
  EXPECT_EQ(lost.retry_after, Milliseconds(1000));
  EXPECT_EQ(Describe(lost, ErrorText::kForClient).find(secret), std::string::npos);
  EXPECT_EQ(ToError({Kind::kInDoubt, "", secret}).code, ErrorCode::kCommitInDoubt);
  for (const char* state : {"53100", "57014", "40001", "40P01", "55P03"}) {
    EXPECT_EQ(ToError({Kind::kRefused, state, secret}).code, ErrorCode::kStoreUnavailable) << state;
  }
  EXPECT_EQ(ToError({Kind::kRefused, "23505", secret}).code, ErrorCode::kInternal);
}

TEST(Session, NoDatabaseIsALostConnection) {
  try {
    Session session({.connection = "host=/nonexistent dbname=mayfly"});
    FAIL() << "connected to nothing";
  } catch (const SqlError& error) {
    EXPECT_EQ(error.kind(), SqlError::Kind::kLost);
  }
}

}  // namespace
}  // namespace mayfly::store
