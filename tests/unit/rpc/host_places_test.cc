#include "rpc/host_places.h"

#include <gtest/gtest.h>

namespace mayfly::rpc {
namespace {

TEST(HostPlaces, SoManyOfOneHostAndOthersBeside) {
  HostPlaces places(2);
  auto first = places.Take("a");
  const auto second = places.Take("a");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(places.Take("a"));
  EXPECT_TRUE(places.Take("b"));
  first.reset();
  EXPECT_TRUE(places.Take("a")) << "one is over";
}

TEST(HostPlaces, APlaceThatWasMovedIsGivenBackOnce) {
  HostPlaces places(1);
  auto place = places.Take("a");
  {
    const HostPlaces::Place moved(*std::move(place));
    place.reset();
    EXPECT_FALSE(places.Take("a"));
  }
  EXPECT_TRUE(places.Take("a"));
}

TEST(HostOf, IsTheAddressThatConnectionsAreCountedFor) {
  EXPECT_EQ(HostOf("ipv4:10.0.0.7:51234"), "10.0.0.7");
  EXPECT_EQ(HostOf("ipv6:%5B2001:db8:0:1:2:3:4:5%5D:51234"), "2001:db8:0:1::/64");
  EXPECT_EQ(HostOf("ipv6:%5B::1%5D:51234"), "::/64");
  EXPECT_EQ(HostOf("unix:/run/a:b"), "unix:/run/a:b");
  EXPECT_EQ(HostOf("ipv4:"), "ipv4:");
  EXPECT_EQ(HostOf(""), "");
}

}  // namespace
}  // namespace mayfly::rpc
