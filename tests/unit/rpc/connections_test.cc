#include "rpc/connections.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "tests/fakes/manual_clock.h"

namespace mayfly::rpc {
namespace {

Peer At(const std::string& address, const std::string& port = "1") {
  return {address, "ipv4:" + address + ":" + port};
}

FileDescriptor Socket() { return FileDescriptor(socket(AF_INET, SOCK_STREAM, 0)); }

using Told = std::vector<std::pair<net::ConnectionRefusal, std::string>>;

class ConnectionsTest : public testing::Test {
 protected:
  // Nobody makes place for another any more.
  void Admit(const Peer& peer) { connections_.NoteAdmitted(peer.text); }

  fakes::ManualClock clock_;
  Told told_;
  Connections connections_{8, clock_, [this](net::ConnectionRefusal refusal, std::string address) {
                             told_.emplace_back(refusal, std::move(address));
                           }};
};

// Of 8, a quarter.
TEST_F(ConnectionsTest, SoManyAreOfOneAddress) {
  const auto a = Socket(), b = Socket(), c = Socket();
  EXPECT_TRUE(connections_.Enter(a.get(), At("10.0.0.1", "1")));
  EXPECT_TRUE(connections_.Enter(b.get(), At("10.0.0.1", "2")));
  Admit(At("10.0.0.1", "1"));
  Admit(At("10.0.0.1", "2"));
  EXPECT_FALSE(connections_.Enter(c.get(), At("10.0.0.1", "3")));
  EXPECT_EQ(told_, (Told{{net::ConnectionRefusal::kAddress, "10.0.0.1"}}));
  EXPECT_TRUE(connections_.Enter(c.get(), At("10.0.0.2")));
}

TEST_F(ConnectionsTest, SoManyAreOpenInAll) {
  std::vector<FileDescriptor> sockets;
  for (int i = 0; i < 8; ++i) {
    const Peer peer = At("10.0.0." + std::to_string(i));
    sockets.push_back(Socket());
    EXPECT_TRUE(connections_.Enter(sockets.back().get(), peer));
    Admit(peer);
  }
  EXPECT_FALSE(connections_.Enter(Socket().get(), At("10.0.1.1")));
  EXPECT_EQ(told_, (Told{{net::ConnectionRefusal::kFull, "10.0.1.1"}}));
  EXPECT_EQ(connections_.open(), 8u);
}

TEST_F(ConnectionsTest, WhoIsNotAdmittedMakesPlaceTheOldestFirst) {
  std::vector<FileDescriptor> sockets;
  for (int i = 0; i < 11; ++i) sockets.push_back(Socket());
  for (int i = 0; i < 8; ++i) {
    connections_.Enter(sockets[i].get(), At("10.0.0." + std::to_string(i)));
  }
  Admit(At("10.0.0.0"));
  Admit(At("10.0.0.2"));
  EXPECT_TRUE(connections_.Enter(sockets[8].get(), At("10.0.1.1")));
  EXPECT_TRUE(connections_.Enter(sockets[9].get(), At("10.0.1.2")));
  EXPECT_EQ(told_, (Told{{net::ConnectionRefusal::kFull, "10.0.0.1"},
                         {net::ConnectionRefusal::kFull, "10.0.0.3"}}));
  Admit(At("10.0.0.1"));  // made place, and is no more
  EXPECT_EQ(connections_.open(), 8u);
}

TEST_F(ConnectionsTest, OfAFullAddressItsOwnMakesPlace) {
  const auto other = Socket(), a = Socket(), b = Socket(), c = Socket();
  connections_.Enter(other.get(), At("10.0.0.9"));
  connections_.Enter(a.get(), At("10.0.0.1", "1"));
  connections_.Enter(b.get(), At("10.0.0.1", "2"));
  Admit(At("10.0.0.1", "1"));
  EXPECT_TRUE(connections_.Enter(c.get(), At("10.0.0.1", "3")));
  EXPECT_EQ(told_, (Told{{net::ConnectionRefusal::kAddress, "10.0.0.1"}}));
  EXPECT_EQ(connections_.open(), 3u);
}

// From one port at two listeners.
TEST_F(ConnectionsTest, OnePeerMayBeThereTwice) {
  auto a = std::make_unique<FileDescriptor>(Socket());
  const auto b = Socket();
  connections_.Enter(a->get(), At("10.0.0.1"));
  connections_.Enter(b.get(), At("10.0.0.1"));
  a.reset();
  clock_.Advance(kConnectionsCountedEvery);
  EXPECT_EQ(connections_.open(), 1u);
  Admit(At("10.0.0.1"));
  const auto c = Socket(), d = Socket();
  connections_.Enter(c.get(), At("10.0.0.1", "2"));
  Admit(At("10.0.0.1", "2"));
  EXPECT_FALSE(connections_.Enter(d.get(), At("10.0.0.1", "3")));
}

TEST_F(ConnectionsTest, WhatIsClosedLeavesItsPlace) {
  auto a = std::make_unique<FileDescriptor>(Socket());
  const auto b = Socket();
  connections_.Enter(a->get(), At("10.0.0.1"));
  connections_.Enter(b.get(), At("10.0.0.1"));
  EXPECT_EQ(connections_.open(), 2u);
  a.reset();
  clock_.Advance(kConnectionsCountedEvery);
  EXPECT_EQ(connections_.open(), 1u);
  const auto c = Socket();
  EXPECT_TRUE(connections_.Enter(c.get(), At("10.0.0.1")));
  EXPECT_TRUE(told_.empty());
}

TEST_F(ConnectionsTest, ADescriptorThatIsAnothersNowIsCountedOnce) {
  auto a = std::make_unique<FileDescriptor>(Socket());
  const int number = a->get();
  connections_.Enter(number, At("10.0.0.1"));
  a.reset();
  const auto again = Socket();
  ASSERT_EQ(again.get(), number);
  clock_.Advance(kConnectionsCountedEvery);
  EXPECT_EQ(connections_.open(), 0u) << "that one was not entered";
  connections_.Enter(again.get(), At("10.0.0.2"));
  connections_.Enter(again.get(), At("10.0.0.2"));
  EXPECT_EQ(connections_.open(), 1u);
}

// Else a flood would have all of them looked at for each that is refused.
TEST_F(ConnectionsTest, AreCountedOnceInAWhile) {
  auto a = std::make_unique<FileDescriptor>(Socket());
  const auto b = Socket(), c = Socket();
  for (const auto& [socket, port] : {std::pair(a->get(), "1"), std::pair(b.get(), "2")}) {
    connections_.Enter(socket, At("10.0.0.1", port));
    Admit(At("10.0.0.1", port));
  }
  EXPECT_FALSE(connections_.Enter(c.get(), At("10.0.0.1", "3")));
  a.reset();
  EXPECT_FALSE(connections_.Enter(c.get(), At("10.0.0.1", "3")));
  clock_.Advance(kConnectionsCountedEvery);
  EXPECT_TRUE(connections_.Enter(c.get(), At("10.0.0.1", "3")));
}

TEST_F(ConnectionsTest, WhoIsCutOffStaysOutForAWhile) {
  const FileDescriptor listener = Socket(), client = Socket(), next = Socket();
  ASSERT_EQ(listen(listener.get(), 1), 0);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  const FileDescriptor here(accept(listener.get(), nullptr, nullptr));
  connections_.Enter(here.get(), At("10.0.0.1", "7"));
  connections_.CutOff("ipv4:10.0.0.1:8");
  EXPECT_TRUE(told_.empty());
  connections_.CutOff("ipv4:10.0.0.1:7");
  EXPECT_EQ(told_, (Told{{net::ConnectionRefusal::kFlood, "10.0.0.1"}}));
  char nothing;
  EXPECT_EQ(read(client.get(), &nothing, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_FALSE(connections_.Enter(next.get(), At("10.0.0.1")));
  EXPECT_EQ(told_.back(), std::pair(net::ConnectionRefusal::kFlood, std::string("10.0.0.1")));
  clock_.Advance(kKeptOut);
  EXPECT_TRUE(connections_.Enter(next.get(), At("10.0.0.1")));
}

TEST_F(ConnectionsTest, WhatIsNoSocketIsNotCounted) {
  const FileDescriptor file(open("/dev/null", O_RDONLY));
  EXPECT_TRUE(connections_.Enter(file.get(), At("10.0.0.1")));
  EXPECT_TRUE(connections_.Enter(-1, At("10.0.0.1")));
  EXPECT_EQ(connections_.open(), 0u);
}

}  // namespace
}  // namespace mayfly::rpc
