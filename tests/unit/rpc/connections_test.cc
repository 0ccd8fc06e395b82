#include "rpc/connections.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "base/file_descriptor.h"
#include "tests/fakes/manual_clock.h"

namespace mayfly::rpc {
namespace {

Peer At(const std::string& address, const std::string& port = "1") {
  return {address, "ipv4:" + address + ":" + port};
}

FileDescriptor Socket() { return FileDescriptor(socket(AF_INET, SOCK_STREAM, 0)); }

class ConnectionsTest : public testing::Test {
 protected:
  fakes::ManualClock clock_;
  Connections connections_{3, 2, clock_};
};

TEST_F(ConnectionsTest, SoManyAreOpenInAll) {
  const auto a = Socket(), b = Socket(), c = Socket();
  EXPECT_EQ(connections_.Enter(a.get(), At("10.0.0.1")), std::nullopt);
  EXPECT_EQ(connections_.Enter(b.get(), At("10.0.0.2")), std::nullopt);
  EXPECT_EQ(connections_.Enter(c.get(), At("10.0.0.3")), std::nullopt);
  EXPECT_EQ(connections_.Enter(Socket().get(), At("10.0.0.4")), net::ConnectionRefusal::kFull);
  EXPECT_EQ(connections_.open(), 3u);
}

TEST_F(ConnectionsTest, SoManyAreOfOneAddress) {
  const auto a = Socket(), b = Socket(), c = Socket();
  EXPECT_EQ(connections_.Enter(a.get(), At("10.0.0.1")), std::nullopt);
  EXPECT_EQ(connections_.Enter(b.get(), At("10.0.0.1")), std::nullopt);
  EXPECT_EQ(connections_.Enter(c.get(), At("10.0.0.1")), net::ConnectionRefusal::kAddress);
  EXPECT_EQ(connections_.Enter(c.get(), At("10.0.0.2")), std::nullopt);
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
  EXPECT_EQ(connections_.Enter(c.get(), At("10.0.0.1")), std::nullopt);
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
  connections_.Enter(a->get(), At("10.0.0.1"));
  connections_.Enter(b.get(), At("10.0.0.1"));
  EXPECT_EQ(connections_.Enter(c.get(), At("10.0.0.1")), net::ConnectionRefusal::kAddress);
  a.reset();
  EXPECT_EQ(connections_.Enter(c.get(), At("10.0.0.1")), net::ConnectionRefusal::kAddress);
  clock_.Advance(kConnectionsCountedEvery);
  EXPECT_EQ(connections_.Enter(c.get(), At("10.0.0.1")), std::nullopt);
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
  EXPECT_EQ(connections_.CutOff("ipv4:10.0.0.1:8"), std::nullopt);
  EXPECT_EQ(connections_.CutOff("ipv4:10.0.0.1:7"), "10.0.0.1");
  char nothing;
  EXPECT_EQ(read(client.get(), &nothing, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(connections_.Enter(next.get(), At("10.0.0.1")), net::ConnectionRefusal::kFlood);
  clock_.Advance(kKeptOut);
  EXPECT_EQ(connections_.Enter(next.get(), At("10.0.0.1")), std::nullopt);
}

TEST_F(ConnectionsTest, WhatIsNoSocketIsNotCounted) {
  const FileDescriptor file(open("/dev/null", O_RDONLY));
  EXPECT_EQ(connections_.Enter(file.get(), At("10.0.0.1")), std::nullopt);
  EXPECT_EQ(connections_.Enter(-1, At("10.0.0.1")), std::nullopt);
  EXPECT_EQ(connections_.open(), 0u);
}

}  // namespace
}  // namespace mayfly::rpc
