#include "identity/json_object.h"

#include <gtest/gtest.h>

namespace mayfly::identity {
namespace {

std::string Nested(size_t depth, char open, char close) {
  return "{\"a\":" + std::string(depth - 1, open) + std::string(depth - 1, close) + "}";
}

TEST(JsonObject, ReadsAnObject) {
  const auto json = ParseJsonObject(" {\"a\":{\"b\":[1,true,null,\"\\u00e4\"]},\"c\":1.5}\n");
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["a"]["b"][3], "\xc3\xa4");
  EXPECT_EQ(TextMember(*json, "c"), std::nullopt);
  EXPECT_EQ(TextMember(*json, "d"), std::nullopt);
}

TEST(JsonObject, RefusesWhatTwoReadersCouldReadInTwoWays) {
  const std::string nul("{\"a\":1}\0,", 9), inner_nul("{\"a\":\"\0\"}", 9);
  for (const std::string& text : {std::string(""),
                                  std::string(" "),
                                  std::string("[]"),
                                  std::string("1"),
                                  std::string("{"),
                                  std::string("{}{}"),
                                  std::string("{} x"),
                                  std::string("{\"a\":1,}"),
                                  std::string("{a:1}"),
                                  std::string("{'a':1}"),
                                  std::string("{\"a\":01}"),
                                  std::string("{\"a\":NaN}"),
                                  std::string("{\"a\":1e999}"),
                                  std::string("{\"a\":+1}"),
                                  std::string("{\"a\":1}//x"),
                                  std::string("\xef\xbb\xbf{}"),
                                  std::string("{\"a\":\"\xff\"}"),
                                  std::string("{\"a\":\"\xed\xa0\x80\"}"),
                                  std::string("{\"a\":\"\\ud800\"}"),
                                  std::string("{\"a\":\"\n\"}"),
                                  nul,
                                  inner_nul}) {
    const auto json = ParseJsonObject(text);
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().rule, "json.format");
  }
}

TEST(JsonObject, RefusesANameTwiceAtAnyDepth) {
  for (const char* text : {R"({"a":1,"a":1})", R"({"a":1,"\u0061":2})", R"({"x":{"a":1,"a":2}})",
                           R"({"x":[{"a":1,"b":{},"a":2}]})"}) {
    EXPECT_FALSE(ParseJsonObject(text)) << text;
  }
  EXPECT_TRUE(ParseJsonObject(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"));
}

TEST(JsonObject, IsNestedSoDeepAndNoDeeper) {
  EXPECT_TRUE(ParseJsonObject(Nested(kJsonDepthMax, '[', ']')));
  EXPECT_FALSE(ParseJsonObject(Nested(kJsonDepthMax + 1, '[', ']')));
  EXPECT_FALSE(ParseJsonObject(Nested(100'000, '[', ']')));
  EXPECT_FALSE(ParseJsonObject(std::string(100'000, '{')));
  EXPECT_TRUE(ParseJsonObject("{\"a\":\"" + std::string(100, '[') + "\\\"[\"}"));
}

}  // namespace
}  // namespace mayfly::identity
