#include "call_log.h"

#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"
#include "tests/unit/wiring/logged_lines.h"

namespace mayfly {
namespace {

class CallLogTest : public testing::Test {
 protected:
  static rpc::RequestLogEntry Call(const std::string& principal, std::optional<ErrorCode> code) {
    rpc::RequestLogEntry call{};
    call.method = "IssueCertificate";
    call.principal = principal;
    call.peer = "ipv4:10.0.0.7:51234";
    call.code = code;
    if (code) call.rule = "some.rule";
    return call;
  }

  fakes::ManualClock clock_;
  CallLog log_{clock_};
};

TEST_F(CallLogTest, EachCallIsALine) {
  const auto lines = Lines([&] {
    for (int i = 0; i < 3; ++i) log_.Write(Call("dns:web", std::nullopt));
    for (int i = 0; i < 3; ++i) log_.Write(Call("dns:web", ErrorCode::kPolicyDenied));
  });
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0],
            "IssueCertificate outcome=ok principal=dns:web peer=ipv4:10.0.0.7:51234 "
            "duration_ms=0.000000");
}

TEST_F(CallLogTest, OfTooManyOneASecondIs) {
  const auto lines = Lines([&] {
    for (int i = 0; i < 5; ++i) log_.Write(Call("dns:web", ErrorCode::kOverloaded));
    log_.Write(Call("dns:api", ErrorCode::kOverloaded));
    clock_.Advance(Seconds(1));
    log_.Write(Call("dns:web", ErrorCode::kOverloaded));
  });
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[1].find("dns:api"), std::string::npos);
  EXPECT_TRUE(lines[2].ends_with(" like_it_not_logged=4")) << lines[2];
}

TEST_F(CallLogTest, StrangersAreToldApartByAddress) {
  auto other = Call("", ErrorCode::kUnauthenticated);
  other.peer = "ipv4:10.0.0.8:1";
  auto same = Call("", ErrorCode::kUnauthenticated);
  same.peer = "ipv4:10.0.0.7:2";
  EXPECT_EQ(Lines([&] {
              log_.Write(Call("", ErrorCode::kUnauthenticated));
              log_.Write(same);
              log_.Write(other);
            }).size(),
            2u);
}

TEST_F(CallLogTest, TheLastOnesAreCountedToo) {
  const auto lines = Lines([&] {
    for (int i = 0; i < 5; ++i) log_.Write(Call("dns:web", ErrorCode::kOverloaded));
    log_.WriteHeldBack();
    clock_.Advance(Seconds(1));
    log_.WriteHeldBack();
    log_.WriteHeldBack();
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1], "not logged like=\"dns:web some.rule\" count=4");
}

}  // namespace
}  // namespace mayfly
