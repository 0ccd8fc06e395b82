#include "server_metrics.h"

#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"
#include "tests/unit/wiring/logged_lines.h"

namespace mayfly {
namespace {

class ServerMetricsTest : public testing::Test {
 protected:
  fakes::ManualClock clock_;
  telemetry::Metrics registry_;
  ServerMetrics metrics_{registry_, clock_};
};

// Any stranger may cause them, and choose what is in them.
TEST_F(ServerMetricsTest, OfGrpcsOwnLinesOneASecondOfAKindIsLogged) {
  const auto lines = Lines([&] {
    for (int i = 0; i < 500; ++i) {
      metrics_.LogGrpc("Error parsing metadata: error=invalid value key=:path value=" +
                       std::to_string(i));
      metrics_.LogGrpc("Handshake timed out");
    }
    clock_.Advance(Seconds(1));
    metrics_.LogGrpc("Error parsing metadata: error=another");
  });
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[2].find("like_it_not_logged=499"), std::string::npos) << lines[2];
}

}  // namespace
}  // namespace mayfly
