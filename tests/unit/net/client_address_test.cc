#include "net/client_address.h"

#include <gtest/gtest.h>

#include "net/connection_refusal.h"

namespace mayfly::net {
namespace {

std::string Of(const char* ip) { return ClientAddress(boost::asio::ip::make_address(ip)); }

TEST(ClientAddress, IsAnIPv4Address) {
  EXPECT_EQ(Of("10.0.0.7"), "10.0.0.7");
  EXPECT_NE(Of("10.0.0.7"), Of("10.0.0.8"));
  EXPECT_EQ(Of("::ffff:10.0.0.7"), "10.0.0.7");
}

TEST(ClientAddress, IsTheNetworkOfAnIPv6Address) {
  EXPECT_EQ(Of("2001:db8:0:1::7"), "2001:db8:0:1::/64");
  EXPECT_EQ(Of("2001:db8:0:1:ffff:ffff:ffff:ffff"), Of("2001:db8:0:1::7"));
  EXPECT_NE(Of("2001:db8:0:2::7"), Of("2001:db8:0:1::7"));
  EXPECT_EQ(Of("fe80::7%1"), "fe80::/64");
}

TEST(AddressShare, IsAQuarterAndAtLeastOne) {
  EXPECT_EQ(AddressShare(1024), 256u);
  EXPECT_EQ(AddressShare(3), 1u);
}

}  // namespace
}  // namespace mayfly::net
