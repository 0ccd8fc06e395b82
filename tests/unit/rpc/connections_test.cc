#include "rpc/connections.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "base/file_descriptor.h"
#include "tests/fakes/manual_clock.h"

namespace mayfly::rpc {
namespace {

FileDescriptor Socket() { return FileDescriptor(socket(AF_INET, SOCK_STREAM, 0)); }

class ConnectionsTest : public testing::Test {
 protected:
  fakes::ManualClock clock_;
  Connections connections_{3, 2, clock_};
};

TEST_F(ConnectionsTest, SoManyAreOpenInAll) {
  const auto a = Socket(), b = Socket(), c = Socket();
  EXPECT_EQ(connections_.Enter(a.get(), "10.0.0.1"), std::nullopt);
  EXPECT_EQ(connections_.Enter(b.get(), "10.0.0.2"), std::nullopt);
  EXPECT_EQ(connections_.Enter(c.get(), "10.0.0.3"), std::nullopt);
  EXPECT_EQ(connections_.Enter(Socket().get(), "10.0.0.4"), net::ConnectionRefusal::kFull);
  EXPECT_EQ(connections_.open(), 3u);
}

TEST_F(ConnectionsTest, SoManyAreOfOneAddress) {
  const auto a = Socket(), b = Socket(), c = Socket();
  EXPECT_EQ(connections_.Enter(a.get(), "10.0.0.1"), std::nullopt);
  EXPECT_EQ(connections_.Enter(b.get(), "10.0.0.1"), std::nullopt);
  EXPECT_EQ(connections_.Enter(c.get(), "10.0.0.1"), net::ConnectionRefusal::kAddress);
  EXPECT_EQ(connections_.Enter(c.get(), "10.0.0.2"), std::nullopt);
}

TEST_F(ConnectionsTest, WhatIsClosedLeavesItsPlace) {
  auto a = std::make_unique<FileDescriptor>(Socket());
  const auto b = Socket();
  connections_.Enter(a->get(), "10.0.0.1");
  connections_.Enter(b.get(), "10.0.0.1");
  EXPECT_EQ(connections_.open(), 2u);
  a.reset();
  clock_.Advance(kConnectionsCountedEvery);
  EXPECT_EQ(connections_.open(), 1u);
  const auto c = Socket();
  EXPECT_EQ(connections_.Enter(c.get(), "10.0.0.1"), std::nullopt);
}

TEST_F(ConnectionsTest, ADescriptorThatIsAnothersNowIsCountedOnce) {
  auto a = std::make_unique<FileDescriptor>(Socket());
  const int number = a->get();
  connections_.Enter(number, "10.0.0.1");
  a.reset();
  const auto again = Socket();
  ASSERT_EQ(again.get(), number);
  clock_.Advance(kConnectionsCountedEvery);
  EXPECT_EQ(connections_.open(), 0u) << "that one was not entered";
  connections_.Enter(again.get(), "10.0.0.2");
  connections_.Enter(again.get(), "10.0.0.2");
  EXPECT_EQ(connections_.open(), 1u);
}

// Else a flood would have all of them looked at for each that is refused.
TEST_F(ConnectionsTest, AreCountedOnceInAWhile) {
  auto a = std::make_unique<FileDescriptor>(Socket());
  const auto b = Socket(), c = Socket();
  connections_.Enter(a->get(), "10.0.0.1");
  connections_.Enter(b.get(), "10.0.0.1");
  EXPECT_EQ(connections_.Enter(c.get(), "10.0.0.1"), net::ConnectionRefusal::kAddress);
  a.reset();
  EXPECT_EQ(connections_.Enter(c.get(), "10.0.0.1"), net::ConnectionRefusal::kAddress);
  clock_.Advance(kConnectionsCountedEvery);
  EXPECT_EQ(connections_.Enter(c.get(), "10.0.0.1"), std::nullopt);
}

TEST_F(ConnectionsTest, WhatIsNoSocketIsNotCounted) {
  const FileDescriptor file(open("/dev/null", O_RDONLY));
  EXPECT_EQ(connections_.Enter(file.get(), "10.0.0.1"), std::nullopt);
  EXPECT_EQ(connections_.Enter(-1, "10.0.0.1"), std::nullopt);
  EXPECT_EQ(connections_.open(), 0u);
}

}  // namespace
}  // namespace mayfly::rpc
