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

TEST(HostOf, IsThePeerWithoutItsPort) {
  EXPECT_EQ(HostOf("ipv4:10.0.0.7:51234"), "ipv4:10.0.0.7");
  EXPECT_EQ(HostOf("ipv6:[fd00::1]:51234"), "ipv6:[fd00::1]");
}

}  // namespace
}  // namespace mayfly::rpc
