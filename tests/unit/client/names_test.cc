#include "clients/cpp/names.h"

#include <gtest/gtest.h>

#include "clients/cpp/client.h"

namespace mayfly::client {
namespace {

std::string Parsed(std::string_view text) {
  const auto name = ParseName(text);
  return name ? name->ToString() : name.error().rule;
}

TEST(ParseName, BareNamesAreDnsOrIpOrUri) {
  EXPECT_EQ(Parsed("web.internal"), "DNS:web.internal");
  EXPECT_EQ(Parsed("10.0.0.7"), "IP:10.0.0.7");
  EXPECT_EQ(Parsed("fd00::1"), "IP:fd00::1");
  EXPECT_EQ(Parsed("spiffe://mayfly.internal/web"), "URI:spiffe://mayfly.internal/web");
  EXPECT_EQ(Parsed("ops@mayfly.internal"), "email:ops@mayfly.internal");
}

TEST(ParseName, PrefixesSayItOutright) {
  EXPECT_EQ(Parsed("DNS:web.internal"), "DNS:web.internal");
  EXPECT_EQ(Parsed("dns:web.internal"), "DNS:web.internal");
  EXPECT_EQ(Parsed("IP:10.0.0.7"), "IP:10.0.0.7");
  EXPECT_EQ(Parsed("URI:spiffe://a/b"), "URI:spiffe://a/b");
  EXPECT_EQ(Parsed("email:ops@a.internal"), "email:ops@a.internal");
}

TEST(ParseName, WhatIsNoneIsRefused) {
  EXPECT_EQ(Parsed(""), "name.dns");
  EXPECT_EQ(Parsed("IP:web"), "name.ip");
  EXPECT_EQ(Parsed("a b"), "name.dns");
  EXPECT_EQ(Parsed("DNS:a,DNS:b"), "name.dns");
}

TEST(ParseName, WhatLooksLikeIpv6IsToldAsSuch) {
  for (const char* text : {"::ffff:10.1.2.3", "fd00::1::2", "fe80::1%eth0"}) {
    EXPECT_EQ(ParseName(text).error().rule, "name.ip") << text;
  }
}

TEST(ParseNames, EveryBadNameIsReported) {
  const auto names = ParseNames({"good.internal", "-bad", "IP:x"});
  ASSERT_FALSE(names);
  ASSERT_EQ(names.error().violations.size(), 2u);
  EXPECT_EQ(names.error().violations[1].field, "IP:x");
}

TEST(FileStemOf, IsSafe) {
  const auto stem = [](std::string_view text) { return FileStemOf(*ParseName(text)); };
  EXPECT_EQ(stem("web.internal"), "web.internal");
  EXPECT_EQ(stem("*.a.internal"), "_wildcard.a.internal");
  EXPECT_EQ(stem("spiffe://mayfly.internal/ns/web"), "mayfly.internal-ns-web");
  EXPECT_EQ(stem("fd00::1"), "fd00--1");
}

TEST(NormalizeServer, AddsThePort) {
  EXPECT_EQ(*NormalizeServer("ca.internal"), "ca.internal:7443");
  EXPECT_EQ(*NormalizeServer("ca.internal:1"), "ca.internal:1");
  EXPECT_EQ(*NormalizeServer("10.0.0.1:65535"), "10.0.0.1:65535");
  EXPECT_EQ(*NormalizeServer("[::1]"), "[::1]:7443");
  EXPECT_EQ(*NormalizeServer("ca.internal", kEnrolmentPortDefault), "ca.internal:7444");
  EXPECT_EQ(*NormalizeServer("[::1]:8443"), "[::1]:8443");
}

TEST(NormalizeServer, RefusesWhatIsNoServer) {
  for (const char* text : {"", ":7443", "a:0", "a:65536", "a:x", "a:", "https://a", "::1", "[::1",
                           "[]:1", "a b", "unix:/tmp/x", "[web]:1"}) {
    EXPECT_FALSE(NormalizeServer(text)) << text;
  }
}

}  // namespace
}  // namespace mayfly::client
