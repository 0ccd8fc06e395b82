#include "rpc/list_filter.h"

#include <gtest/gtest.h>

namespace mayfly::rpc {
namespace {

constexpr std::chrono::microseconds kInstant{1};
const TimePoint kNewYear2030{std::chrono::sys_days{std::chrono::year{2030} / 1 / 1}};

std::string Complaint(std::string_view text) {
  auto filter = ParseListFilter(text);
  if (filter) return "none";
  EXPECT_EQ(filter.error().rule, "list.filter");
  EXPECT_EQ(filter.error().code, ErrorCode::kInvalidArgument);
  return filter.error().message;
}

TEST(ListFilter, NothingIsEverything) {
  for (const char* text : {"", "  "}) {
    auto filter = ParseListFilter(text);
    ASSERT_TRUE(filter);
    EXPECT_FALSE(filter->state || filter->profile || filter->name || filter->held_by);
    EXPECT_TRUE(filter->not_after.Covers(kNewYear2030));
  }
}

TEST(ListFilter, TakesEveryField) {
  auto filter = ParseListFilter(
      "state = REVOKED AND profile=server AND principal = \"spiffe://a/b\" AND "
      "lineage = 0190a1b2-0000-7000-8000-000000000001 AND "
      "subject_alt_names : \"DNS:web.internal\" AND create_time > \"2030-01-01T00:00:00Z\"");
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_EQ(filter->state, CertificateState::kRevoked);
  EXPECT_EQ(filter->profile, "server");
  EXPECT_EQ(filter->principal, "spiffe://a/b");
  EXPECT_EQ(filter->lineage->ToString(), "0190a1b2-0000-7000-8000-000000000001");
  EXPECT_EQ(filter->name->ToString(), "DNS:web.internal");
  EXPECT_EQ(filter->created.from, kNewYear2030 + kInstant);
}

TEST(ListFilter, TimesAreSpans) {
  auto span = [](const std::string& comparator) {
    return ParseListFilter("not_after_time " + comparator + " \"2030-01-01T01:00:00+01:00\"")
        ->not_after;
  };
  EXPECT_EQ(span("<").until, kNewYear2030);
  EXPECT_EQ(span("<=").until, kNewYear2030 + kInstant);
  EXPECT_EQ(span(">=").from, kNewYear2030);
  EXPECT_EQ(span(">").from, kNewYear2030 + kInstant);
  auto both = ParseListFilter(
      "not_after_time < \"2031-01-01T00:00:00Z\" AND not_after_time < \"2030-01-01T00:00:00Z\"");
  EXPECT_EQ(both->not_after.until, kNewYear2030) << "the narrower one";
}

TEST(ListFilter, QuotesHoldAnythingButTheirEnd) {
  EXPECT_EQ(ParseListFilter(R"(principal = "a \"b\" \\ AND c")")->principal, R"(a "b" \ AND c)");
  EXPECT_EQ(Complaint(R"(principal = "a)"), "filter: a quote is not closed");
}

TEST(ListFilter, SaysWhatWouldDo) {
  EXPECT_EQ(Complaint("state = active"),
            "filter: state is INTENT, ACTIVE, EXPIRED, REVOKED or ABANDONED, not \"active\"");
  EXPECT_EQ(Complaint("status = ACTIVE"),
            "filter: \"status\" is none of state, profile, principal, lineage, subject_alt_names, "
            "not_after_time, create_time");
  EXPECT_EQ(Complaint("state != ACTIVE"), "filter: state takes =");
  EXPECT_EQ(Complaint("state = ACTIVE AND state = REVOKED"), "filter: state is there twice");
  EXPECT_EQ(Complaint("profile = a OR profile = b"),
            "filter: conditions are joined by AND at \"profile = b\"");
  EXPECT_EQ(Complaint("profile"),
            "filter: a condition is FIELD COMPARATOR VALUE, as in state = ACTIVE; look at its end");
  EXPECT_EQ(Complaint("profile ="), "filter: a value is missing at its end");
  EXPECT_EQ(Complaint("lineage = 7"), "filter: lineage is a UUID");
  EXPECT_EQ(Complaint("create_time = \"2030-01-01T00:00:00Z\""),
            "filter: create_time takes <, <=, > or >=");
  EXPECT_EQ(Complaint("not_after_time < tomorrow"),
            "filter: not_after_time is RFC 3339, as in \"2030-01-01T00:00:00Z\", not \"tomorrow\"");
  EXPECT_TRUE(
      Complaint("subject_alt_names : web")
          .starts_with(
              "filter: subject_alt_names : takes one whole name, as in \"DNS:web.internal\": "));
  EXPECT_EQ(Complaint("subject_alt_names = \"DNS:a\""), "filter: subject_alt_names takes \":\"");
  EXPECT_EQ(Complaint("profile = \"a\nb\""), "filter: no control characters");
}

TEST(ListFilter, OfEventsHasFieldsOfItsOwn) {
  const auto filter = ParseEventFilter(
      "kind = \"policy.activated\" AND principal = a AND create_time >= \"2030-01-01T00:00:00Z\"");
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->kind, "policy.activated");
  EXPECT_EQ(filter->principal, "a");
  EXPECT_EQ(filter->at.from, TimePoint(Seconds(1893456000)));
  EXPECT_EQ(ParseEventFilter("state = ACTIVE").error().message,
            "filter: \"state\" is none of kind, principal, create_time");
}

TEST(ListFilter, HasLimits) {
  const std::string value(kFilterBytesMax - std::string_view("profile=").size(), 'a');
  EXPECT_EQ(Complaint("profile=" + value), "none");
  EXPECT_EQ(Complaint("profile=" + value + "a"), "filter: at most 4096 bytes");
  std::string text = "create_time < \"2030-01-01T00:00:00Z\"";
  for (size_t i = 1; i < kFilterConditionsMax; ++i) {
    text += " AND create_time < \"2030-01-01T00:00:00Z\"";
  }
  EXPECT_EQ(Complaint(text), "none");
  EXPECT_EQ(Complaint(text + " AND profile = a"), "filter: at most 10 conditions");
}

}  // namespace
}  // namespace mayfly::rpc
