#include "rpc/stream_floods.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/file_descriptor.h"
#include "net/connection_budget.h"
#include "tests/fakes/manual_clock.h"

namespace mayfly::rpc {
namespace {

class FakeTransport final : public StreamFloods::Source {
 public:
  StreamCounts OfServer() override {
    StreamCounts sum;
    for (const auto& [id, counts] : sockets_) {
      sum.begun += counts.begun;
      sum.open += counts.open;
    }
    return sum;
  }
  std::vector<TransportSocket> Sockets() override {
    std::vector<TransportSocket> sockets;
    for (const auto& [id, counts] : sockets_) sockets.push_back({id, PeerOf(id)});
    return sockets;
  }
  StreamCounts OfSocket(int64_t socket) override {
    ++looked_at_;
    return sockets_.at(socket);
  }
  static std::string PeerOf(int64_t socket) { return "ipv4:10.0.0.1:" + std::to_string(socket); }

  std::map<int64_t, StreamCounts> sockets_;
  size_t looked_at_ = 0;
};

class StreamFloodsTest : public testing::Test {
 protected:
  // So many connections of one address.
  void Connect(int64_t count) {
    for (int64_t socket = 1; socket <= count; ++socket) {
      descriptors_.emplace_back(::socket(AF_INET, SOCK_STREAM, 0));
      connections_.Enter(descriptors_.back().get(), {"10.0.0.1", FakeTransport::PeerOf(socket)});
      transport_.sockets_[socket];
    }
  }
  size_t Look() {
    clock_.Advance(kFloodsLookedForEvery);
    return floods_.Look(transport_, connections_, clock_.BootNow()).size();
  }
  // Of each connection so many calls that ended without an answer.
  void GiveUp(uint64_t calls) {
    for (auto& [socket, counts] : transport_.sockets_) counts.begun += calls;
  }

  fakes::ManualClock clock_;
  Connections connections_{100'000, clock_, nullptr};
  FakeTransport transport_;
  StreamFloods floods_{16};
  std::vector<FileDescriptor> descriptors_;
};

TEST_F(StreamFloodsTest, AreOfAnAddressNotOfOneConnection) {
  Connect(20);
  Look();
  GiveUp(26);  // 520: the first look at each shows where it stands
  EXPECT_EQ(Look(), 0u);
  GiveUp(26);
  EXPECT_EQ(Look(), 20u);
}

TEST_F(StreamFloodsTest, AreNotWhatManyGiveUpALittle) {
  Connect(400);
  Look();
  for (int look = 0; look < 4; ++look) {
    GiveUp(kUnansweredCounted - 1);
    EXPECT_EQ(Look(), 0u);
  }
}

TEST_F(StreamFloodsTest, AreSeenAtOnceWhereTheConnectionIsNew) {
  Look();
  Connect(1);
  GiveUp(kUnansweredMax + 1);
  EXPECT_EQ(Look(), 1u);
}

TEST_F(StreamFloodsTest, AreNotCallsThatWereAnswered) {
  Connect(1);
  Look();
  for (int call = 0; call < 2 * kUnansweredMax; ++call) {
    connections_.NoteBegun(FakeTransport::PeerOf(1));
    connections_.NoteEnded(FakeTransport::PeerOf(1), Connections::End::kAnswered);
  }
  GiveUp(2 * kUnansweredMax);
  EXPECT_EQ(Look(), 0u);
  EXPECT_EQ(transport_.looked_at_, 0u) << "connections are not looked at for nothing";
}

TEST_F(StreamFloodsTest, AreCallsThatStayOpenWhereNoHandlerHasThem) {
  Connect(2);
  for (int call = 0; call < 600; ++call) connections_.NoteBegun(FakeTransport::PeerOf(1));
  for (int64_t socket : {1, 2}) transport_.sockets_[socket] = {600, 600};
  clock_.Advance(kFloodsLookedForEvery);
  EXPECT_EQ(floods_.Look(transport_, connections_, clock_.BootNow()),
            std::vector{FakeTransport::PeerOf(2)});
}

TEST_F(StreamFloodsTest, MayHaveAsManyOpenAsTheyMay) {
  Connect(100);
  for (auto& [socket, counts] : transport_.sockets_) counts = {64, 64};
  EXPECT_EQ(Look(), 0u);
  EXPECT_EQ(transport_.looked_at_, 100u);
}

// A wide interval is no flood.
TEST_F(StreamFloodsTest, OfMoreConnectionsThanAreLookedAtTakeTheirTurn) {
  ASSERT_TRUE(net::RaiseFileLimit());
  Connect(3000);
  Look();
  for (int look = 0; look < 10; ++look) {
    transport_.looked_at_ = 0;
    GiveUp(1);
    EXPECT_EQ(Look(), 0u);
    EXPECT_EQ(transport_.looked_at_, kSocketsLookedAt);
  }
  for (int look = 0; look < 10; ++look) GiveUp(kUnansweredCounted);
  EXPECT_GT(Look(), kSocketsLookedAt / 2);
}

}  // namespace
}  // namespace mayfly::rpc
