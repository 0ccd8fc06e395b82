#include "rpc/identification.h"

#include <gtest/gtest.h>

namespace mayfly::rpc {
namespace {

TEST(ReadBearer, TakesOneTokenInEitherCaseOfTheScheme) {
  for (const char* value : {"Bearer a.b-c_d~+/=", "bearer a.b-c_d~+/=", "BEARER a.b-c_d~+/="}) {
    EXPECT_EQ(*ReadBearer(value), "a.b-c_d~+/=") << value;
  }
}

TEST(ReadBearer, RefusesEverythingElse) {
  using namespace std::string_view_literals;
  for (const auto value :
       {""sv, "Bearer"sv, "Bearer "sv, "Basic YTpi"sv, "a.b.c"sv, "Bearer a b"sv, "Bearer  a"sv,
        "Bearer a "sv, "Bearer a\n"sv, "Bearer a\0b"sv, "Bearer \xc3\xa9"sv, "Bearer\ta"sv}) {
    const auto token = ReadBearer(value);
    ASSERT_FALSE(token) << value;
    EXPECT_EQ(token.error().rule, "peer.authorization");
    EXPECT_EQ(token.error().code, ErrorCode::kUnauthenticated);
  }
}

}  // namespace
}  // namespace mayfly::rpc
