#include "x509/name_constraints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::x509 {
namespace {

using Kind = GeneralName::Kind;

struct Case {
  Kind kind;
  const char* base;
  const char* name;
  bool holds;
};
class Subtrees : public testing::TestWithParam<Case> {};

TEST_P(Subtrees, HoldsWhatRfc5280Says) {
  const Case& c = GetParam();
  auto subtree = Subtree::Parse(c.kind, c.base);
  ASSERT_TRUE(subtree) << Describe(subtree.error(), ErrorText::kForLog);
  EXPECT_EQ(subtree->Holds(GeneralName::FromString(c.name).value()), c.holds)
      << c.base << " " << c.name;
}

INSTANTIATE_TEST_SUITE_P(
    All, Subtrees,
    testing::Values(Case{Kind::kDns, "internal", "DNS:internal", true},
                    Case{Kind::kDns, "internal", "DNS:a.b.internal", true},
                    Case{Kind::kDns, "internal", "DNS:xinternal", false},
                    Case{Kind::kDns, "b.internal", "DNS:*.b.internal", true},
                    Case{Kind::kDns, "a.b.internal", "DNS:*.b.internal", false},
                    Case{Kind::kDns, "internal", "URI:https://a.internal/", false},
                    Case{Kind::kDns, "internal", "email:a@b.internal", false},
                    Case{Kind::kIp, "10.0.0.0/8", "IP:10.255.0.1", true},
                    Case{Kind::kIp, "10.0.0.0/8", "IP:11.0.0.1", false},
                    Case{Kind::kIp, "10.0.0.0/9", "IP:10.128.0.1", false},
                    Case{Kind::kIp, "0.0.0.0/0", "IP:fd00::1", false},
                    Case{Kind::kIp, "fd00::/8", "IP:fdff::1", true},
                    Case{Kind::kIp, "10.1.2.3/32", "IP:10.1.2.3", true},
                    Case{Kind::kUri, "a.internal", "URI:spiffe://a.internal/x", true},
                    Case{Kind::kUri, "a.internal", "URI:https://a.internal:8443/x", true},
                    Case{Kind::kUri, "a.internal", "URI:https://b.a.internal/x", false},
                    Case{Kind::kUri, ".a.internal", "URI:https://b.a.internal/x", true},
                    Case{Kind::kUri, ".a.internal", "URI:https://a.internal/x", false},
                    Case{Kind::kEmail, "a@b.internal", "email:a@b.internal", true},
                    Case{Kind::kEmail, "a@b.internal", "email:c@b.internal", false},
                    Case{Kind::kEmail, "b.internal", "email:c@b.internal", true},
                    Case{Kind::kEmail, "b.internal", "email:c@x.b.internal", false},
                    Case{Kind::kEmail, ".b.internal", "email:c@x.b.internal", true}));

TEST(Subtree, WhatIsNoneIsRefused) {
  const std::pair<Kind, const char*> bad[] = {
      {Kind::kDns, ""},           {Kind::kDns, ".internal"},
      {Kind::kDns, "*.internal"}, {Kind::kIp, "10.0.0.1/8"},
      {Kind::kIp, "10.0.0.0"},    {Kind::kIp, "10.0.0.0/33"},
      {Kind::kIp, "10.0.0.0/08"}, {Kind::kIp, "10.0.0/8"},
      {Kind::kIp, "fd00::/129"},  {Kind::kUri, "https://a.internal"},
      {Kind::kUri, "a/b"},        {Kind::kEmail, "a@b@c.test"},
      {Kind::kEmail, ""}};
  for (const auto& [kind, text] : bad) {
    auto subtree = Subtree::Parse(kind, text);
    ASSERT_FALSE(subtree) << text;
    EXPECT_EQ(subtree.error().rule, "name-constraints.subtree");
  }
}

NameConstraints Constraints(std::vector<Subtree> permitted, std::vector<Subtree> excluded) {
  return {std::move(permitted), std::move(excluded)};
}
Subtree Tree(Kind kind, const char* text) { return Subtree::Parse(kind, text).value(); }
GeneralName Of(const char* text) { return GeneralName::FromString(text).value(); }

TEST(NameConstraints, ExcludedBeatsPermittedAndOtherKindsAreFree) {
  const auto constraints =
      Constraints({Tree(Kind::kDns, "internal")}, {Tree(Kind::kDns, "a.prod.internal")});
  EXPECT_TRUE(constraints.Permits(Of("DNS:web.internal")));
  EXPECT_FALSE(constraints.Permits(Of("DNS:a.prod.internal")));
  EXPECT_FALSE(constraints.Permits(Of("DNS:x.a.prod.internal")));
  EXPECT_TRUE(constraints.Permits(Of("DNS:b.prod.internal")));
  EXPECT_FALSE(constraints.Permits(Of("DNS:web.example")));
  EXPECT_TRUE(constraints.Permits(Of("IP:10.0.0.1")));
  // It would be good for the excluded name too.
  EXPECT_FALSE(constraints.Permits(Of("DNS:*.prod.internal")));
  const auto addresses = Constraints({}, {Tree(Kind::kEmail, ".prod.internal")});
  EXPECT_TRUE(addresses.Permits(Of("DNS:*.prod.internal")));
}

// RFC 5280 4.2.1.10: a URI without a DNS name for its host fits no constraint on URIs.
TEST(NameConstraints, BoundsOnUrisRefuseThoseWithoutAHost) {
  const auto excluding = Constraints({}, {Tree(Kind::kUri, "a.internal")});
  EXPECT_TRUE(excluding.Permits(Of("URI:https://b.internal/")));
  EXPECT_FALSE(excluding.Permits(Of("URI:https://a.internal/")));
  EXPECT_FALSE(excluding.Permits(Of("URI:https://10.0.0.1/")));
  EXPECT_FALSE(excluding.Permits(Of("URI:spiffe://under_score/x")));
  EXPECT_TRUE(excluding.Permits(Of("DNS:a.internal")));
  const auto others = Constraints({}, {Tree(Kind::kDns, "a.internal")});
  EXPECT_TRUE(others.Permits(Of("URI:https://10.0.0.1/")));
}

TEST(NameConstraints, AsManySubtreesAsAreReadAndNoMore) {
  const auto of = [](size_t count) {
    return Constraints(std::vector<Subtree>(count, Tree(Kind::kDns, "internal")), {});
  };
  EXPECT_TRUE(NameConstraints::FromExtension(of(kSubtreesMax).ToExtension().value));
  const auto more = NameConstraints::FromExtension(of(kSubtreesMax + 1).ToExtension().value);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().rule, "name-constraints.form");
}

// To OpenSSL the host ends at ":" or "/" alone.
TEST(NameConstraints, AUriWhoseHostHasNoPathBehindItIsRefusedUnderConstraintsOnUris) {
  const auto permitting = Constraints({Tree(Kind::kUri, ".internal")}, {});
  EXPECT_TRUE(permitting.Permits(Of("URI:https://a.internal")));
  EXPECT_TRUE(permitting.Permits(Of("URI:https://a.internal/?b#c")));
  const auto excluding = Constraints({}, {Tree(Kind::kUri, "b.internal")});
  for (const char* name :
       {"URI:https://internal#a.internal", "URI:https://a.internal#", "URI:https://a.internal?b/c",
        "URI:https://a.internal?@b.internal", "URI:https://b.internal#c"}) {
    EXPECT_FALSE(permitting.Permits(Of(name))) << name;
    EXPECT_FALSE(excluding.Permits(Of(name))) << name;
  }
  EXPECT_TRUE(Constraints({Tree(Kind::kDns, "b.test")}, {}).Permits(Of("URI:https://a.internal#")));
}

TEST(NameConstraints, PermittingNothingPermitsNothing) {
  const auto nothing = NameConstraints::PermittingNothing();
  for (const char* name :
       {"DNS:a.b", "IP:10.0.0.1", "IP:fd00::1", "URI:spiffe://a.b/c", "email:a@b.c"}) {
    EXPECT_FALSE(nothing.Permits(Of(name))) << name;
  }
}

TEST(NameConstraints, ReadsWhatItWrites) {
  const auto constraints =
      Constraints({Tree(Kind::kDns, "internal"), Tree(Kind::kIp, "fd00::/8")},
                  {Tree(Kind::kEmail, ".b.internal"), Tree(Kind::kUri, "a.internal")});
  const Extension extension = constraints.ToExtension();
  EXPECT_EQ(extension.criticality, Criticality::kCritical);
  EXPECT_EQ(NameConstraints::FromExtension(extension.value).value(), constraints);
}

TEST(NameConstraints, OtherFormsAreRefused) {
  const Bytes bad[] = {
      {},
      {0x30, 0x00},                                                        // none at all
      {0x30, 0x02, 0xa0, 0x00},                                            // an empty list
      {0x30, 0x06, 0xa0, 0x04, 0x30, 0x02, 0x84, 0x00},                    // another kind of name
      {0x30, 0x09, 0xa0, 0x07, 0x30, 0x05, 0x82, 0x00, 0x80, 0x01, 0x01},  // a minimum
      {0x30, 0x08, 0xa0, 0x06, 0x30, 0x04, 0x87, 0x02, 0x0a, 0x00},        // half an address
      {0x30, 0x04, 0xa1, 0x02, 0x05, 0x00},                                // no subtree
      {0x30, 0x04, 0xa1, 0x02, 0x30, 0x00},                                // an empty one
      {0x30, 0x0a, 0xa0, 0x00, 0xa1, 0x06, 0x30, 0x04, 0x82, 0x02, 'a', 'b'},  // the first is empty
      {0x30, 0x02, 0xa1, 0x01},                                                // cut off
      {0x30, 0x0a, 0xa0, 0x06, 0x30, 0x04, 0x82, 0x02, 'a', 'b', 0x05, 0x00},  // NULL after it
      {0x30, 0x08, 0xa0, 0x06, 0x30, 0x04, 0x82, 0x02, 'a', 'b', 0x05, 0x00},  // and outside
  };
  for (const Bytes& der : bad) EXPECT_FALSE(NameConstraints::FromExtension(der));
}

}  // namespace
}  // namespace mayfly::x509
