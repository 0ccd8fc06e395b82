// How many calls the server takes, of all and of one principal.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <future>
#include <thread>

#include "base/file_descriptor.h"
#include "rpc/not_served.h"
#include "tests/fakes/eventually.h"
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

// A connection that says nothing.
class Silent {
 public:
  explicit Silent(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  // Waits for a word of the server's; none comes before ours.
  bool is_closed(int milliseconds) const {
    pollfd waiting{socket_.get(), POLLIN, 0};
    return poll(&waiting, 1, milliseconds) == 1;
  }

 private:
  FileDescriptor socket_;
};

TEST_F(Server, OneAddressHasAQuarterOfTheConnections) {
  connections_max_ = 8;
  Start({8, 8, 8, 8, 0});
  const uint16_t port = server_->ports().at(0);
  {
    const Silent first(port), second(port), third(port);
    EXPECT_TRUE(first.is_closed(5000)) << "nobody was admitted over it";
    EXPECT_FALSE(second.is_closed(0));
    EXPECT_FALSE(third.is_closed(0));
    EXPECT_EQ(connections_->open(), 2u);
    std::lock_guard lock(mutex_);
    ASSERT_EQ(connections_refused_.size(), 1u);
    EXPECT_EQ(connections_refused_[0],
              std::pair(net::ConnectionRefusal::kAddress, std::string("127.0.0.1")));
  }
  EXPECT_TRUE(fakes::Eventually([&] { return connections_->open() == 0; }));
  EXPECT_TRUE(Issue());
  EXPECT_TRUE(server_->Trouble());
}

TEST_F(Server, WhoIsAdmittedMakesNoPlaceForWhoStaysInTheHandshake) {
  connections_max_ = 8;
  Start({8, 8, 8, 8, 0});
  const uint16_t port = server_->ports().at(0);
  const auto client = Connect("client");
  ASSERT_TRUE(client);
  ASSERT_TRUE((*client)->TrustBundle());
  const Silent first(port), second(port), third(port);
  EXPECT_TRUE(first.is_closed(5000));
  EXPECT_TRUE(second.is_closed(5000));
  EXPECT_FALSE(third.is_closed(0));
  EXPECT_TRUE((*client)->TrustBundle());
  std::lock_guard lock(mutex_);
  EXPECT_EQ(connections_refused_.size(), 2u) << "the client never came again";
}

}  // namespace
}  // namespace mayfly::rpc
