// How many calls the server takes, of all and of one principal.
#include <future>
#include <thread>

#include "tests/unit/rpc/server_fixture.h"

namespace mayfly::rpc {
namespace {

TEST_F(Server, BeyondTheLimitInFlightIsOverloaded) {
  Start({1, 1, 1, 1, 0});
  std::promise<void> release;
  use_cases_.hold = release.get_future().share();
  auto first = std::async(std::launch::async, [this] { return Issue().has_value(); });
  while (service_->in_flight() == 0) std::this_thread::yield();
  const auto second = Issue(Milliseconds(400));
  release.set_value();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(second.error().retry_after, kOverloadedRetryAfter);
  EXPECT_TRUE(first.get());
  EXPECT_EQ(service_->in_flight(), 0u);
}

TEST_F(Server, OnePrincipalsCallsWaitForEachOther) {
  Start({8, 1, 1, 1, 0});
  std::promise<void> release;
  use_cases_.hold = release.get_future().share();
  auto at_work = std::async(std::launch::async, [this] { return Issue().has_value(); });
  while (service_->in_flight() < 1) std::this_thread::yield();
  auto waiting = std::async(std::launch::async, [this] { return Issue().has_value(); });
  while (service_->in_flight() < 2) std::this_thread::yield();
  const auto refused = Issue(Milliseconds(400));
  release.set_value();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "rpc.principal-calls");
  EXPECT_TRUE(at_work.get());
  EXPECT_TRUE(waiting.get());
}

TEST_F(Server, WhoWaitsForAProofKeepsNobodyFromTheirTurn) {
  Start({8, 1, 1, 1, 0});
  std::promise<void> release;
  use_cases_.hold_proofs = release.get_future().share();
  auto waiting = std::async(std::launch::async, [this] {
    const auto client = Connect("client");
    client::IssueWish wish{.csr_der = {1, 2, 3}, .profile = "server"};
    wish.with_proof = client::WithProof::kYes;
    return client && (*client)->Issue(wish)->has_inclusion_proof();
  });
  while (service_->in_flight() < 1) std::this_thread::yield();
  EXPECT_TRUE(Issue());
  EXPECT_EQ(waiting.wait_for(Seconds(0)), std::future_status::timeout);
  release.set_value();
  EXPECT_TRUE(waiting.get());
}

TEST_F(Server, OnePrincipalsRateIsLimited) {
  Start({8, 8, 8, 8, 2});
  const auto client = Connect("client", Milliseconds(400));
  ASSERT_TRUE(client);
  EXPECT_TRUE((*client)->TrustBundle());
  EXPECT_TRUE((*client)->TrustBundle());
  EXPECT_EQ((*client)->TrustBundle().error().rule, "rpc.principal-rate");
}

}  // namespace
}  // namespace mayfly::rpc
