#include "x509/general_name.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "x509/dns_name.h"
#include "x509/uri_name.h"

namespace mayfly::x509 {
namespace {

std::string Normal(std::string_view text) {
  auto name = GeneralName::FromString(text);
  return name ? name->ToString() : "refused by " + name.error().rule;
}

TEST(GeneralName, NormalForms) {
  const std::pair<const char*, const char*> kPairs[] = {
      {"DNS:Web.Internal", "DNS:web.internal"},
      {"DNS:localhost", "DNS:localhost"},
      {"DNS:*.Web.Internal", "DNS:*.web.internal"},
      {"DNS:my--service.1a.internal", "DNS:my--service.1a.internal"},
      {"DNS:xn--bcher-kva.example", "DNS:xn--bcher-kva.example"},
      {"IP:10.1.2.3", "IP:10.1.2.3"},
      {"IP:FD00:0:0:0::1", "IP:fd00::1"},
      {"URI:HTTPS://Example.ORG:443/A?b#c", "URI:https://example.org:443/A?b#c"},
      {"URI:https://[FD00:0:0:0::1]:0443/", "URI:https://[fd00::1]:443/"},
      {"URI:https://[fd00:0:0:1::]/", "URI:https://[fd00:0:0:1::]/"},
      {"URI:https://[0:0:1:0:0:0:0:1]", "URI:https://[0:0:1::1]"},
      {"URI:https://[::1]:", "URI:https://[::1]"},
      {"URI:https://[::1:2]", "URI:https://[::0.1.0.2]"},
      {"URI:https://a:/b", "URI:https://a/b"},
      {"URI:https://a:?b", "URI:https://a?b"},
      {"URI:https://a:000000/", "URI:https://a:0/"},
      {"URI:https://a:00065535/", "URI:https://a:65535/"},
      {"URI:https://10.1.2.3:01/", "URI:https://10.1.2.3:1/"},
      {"URI:https://a/%2f%c3%A9%af?%3d#%2fa", "URI:https://a/%2F%C3%A9%AF?%3D#%2Fa"},
      {"URI:spiffe://Example.org/Web", "URI:spiffe://example.org/Web"},
      {"email:Web@Example.ORG", "email:Web@example.org"},
  };
  for (auto [text, normal] : kPairs) {
    EXPECT_EQ(Normal(text), normal);
    EXPECT_EQ(Normal(normal), normal);
  }
}

TEST(GeneralName, DnsNamesThatAreRefused) {
  for (const char* text : {"",
                           ".",
                           "web.",
                           ".web",
                           "a..b",
                           "-a.b",
                           "a-.b",
                           "a_b.c",
                           "a b.c",
                           "*",
                           "*.com",
                           "a*.b.c",
                           "*.*.b.c",
                           "a.*.b",
                           "\xc3\xa9.example",
                           "10.1.2.3",
                           "127.1",
                           "0x7f.1",
                           "a.0x7f",
                           "a.123",
                           "xn--.example",
                           "xn--a-.example",
                           "xn--99999999.example",
                           "web.internal,DNS:x",
                           "web\n",
                           "web:443",
                           "web/"}) {
    EXPECT_EQ(RuleOf(GeneralName::Dns(text)), "name.dns") << text;
  }
  EXPECT_EQ(RuleOf(GeneralName::Dns(std::string_view("web\0.a", 6))), "name.dns");
  EXPECT_TRUE(GeneralName::Dns("*.a.b"));
}

// Code points as the first and only one of a label, at the ends of what Unicode has and of the
// control characters U+0080 to U+009F.
TEST(GeneralName, PunycodeAtItsLimitsAndOnePast) {
  for (const char* label : {"dn32g", "hb9b", "0y0c", "6a", "a-4ba"}) {
    EXPECT_TRUE(GeneralName::Dns(std::string("xn--") + label)) << label;
  }
  for (const char* label : {"en32g", "ib9b", "zy0c", "a", "5a", "a-2ba"}) {
    EXPECT_EQ(RuleOf(GeneralName::Dns(std::string("xn--") + label)), "name.dns") << label;
  }
}

TEST(GeneralName, DnsLimitsAndOnePast) {
  std::string label(kDnsLabelCharsMax, 'a');
  EXPECT_TRUE(GeneralName::Dns(label));
  EXPECT_FALSE(GeneralName::Dns(label + "a"));
  std::string name = label + "." + label + "." + label + "." + std::string(61, 'a');
  ASSERT_EQ(name.size(), kDnsNameCharsMax);
  EXPECT_TRUE(GeneralName::Dns(name));
  EXPECT_EQ(RuleOf(GeneralName::Dns(name + "a")), "name.dns");
}

TEST(GeneralName, IpAddresses) {
  for (const char* text : {"", "10.1.2", "10.1.2.256", "010.1.2.3", "10.1.2.3/8", "fd00::1%eth0",
                           "[fd00::1]", "::ffff:10.1.2.3", "0x7f.1", " 10.1.2.3"}) {
    EXPECT_EQ(RuleOf(GeneralName::Ip(text)), "name.ip") << text;
  }
  EXPECT_EQ(RuleOf(GeneralName::Ip(std::string_view("10.1.2.3\0x", 10))), "name.ip");
  for (size_t size : {0, 3, 5, 8, 15, 17, 32}) {
    EXPECT_EQ(RuleOf(GeneralName::IpFromOctets(Bytes(size, 1))), "name.ip") << size;
  }
  EXPECT_EQ(GeneralName::IpFromOctets(Bytes(4, 1))->ToString(), "IP:1.1.1.1");
  EXPECT_EQ(GeneralName::IpFromOctets(Bytes(16, 0))->ToString(), "IP:::");
}

TEST(GeneralName, UrisThatAreRefused) {
  for (const char* text : {"",
                           "web",
                           "mailto:a@b",
                           "https:///path",
                           "://a",
                           "1a://b",
                           "a b://c",
                           "https://user@host/",
                           "https://a/ b",
                           "https://a/%zz",
                           "https://a/%1",
                           "https://a/<",
                           "https://\xc3\xa9/",
                           "https://a/\x7f",
                           "https://a:065536/",
                           "https://a:1:2/",
                           "https://:1/",
                           "https://[::1/",
                           "https://[]/",
                           "https://[10.1.2.3]/",
                           "https://[a]/",
                           "https://[::1]a/",
                           "https://[::1]1/",
                           "https://::1/",
                           "https://[::1%25a]/",
                           "https://[::ffff:10.1.2.3]/"}) {
    EXPECT_EQ(RuleOf(GeneralName::Uri(text)), "name.uri") << text;
  }
  std::string longest = "https://a/" + std::string(kUriBytesMax - 10, 'a');
  EXPECT_TRUE(GeneralName::Uri(longest));
  EXPECT_EQ(RuleOf(GeneralName::Uri(longest + "a")), "name.uri");
  const std::string grows = "https://[::1:2]/";  // by 4
  EXPECT_TRUE(GeneralName::Uri(grows + std::string(kUriBytesMax - grows.size() - 4, 'a')));
  EXPECT_EQ(RuleOf(GeneralName::Uri(grows + std::string(kUriBytesMax - grows.size() - 3, 'a'))),
            "name.uri");
}

TEST(GeneralName, SpiffeIdsThatAreRefused) {
  for (const char* text :
       {"spiffe://td/", "spiffe://td//a", "spiffe://td/a/", "spiffe://td/../a", "spiffe://td/./a",
        "spiffe://td:80/a", "spiffe://td/a%20b", "spiffe://td/a?b", "spiffe://td/a#b",
        "spiffe://td?x", "spiffe://td!/a", "spiffe://td/a!"}) {
    EXPECT_EQ(RuleOf(GeneralName::Uri(text)), "name.spiffe") << text;
  }
  EXPECT_TRUE(GeneralName::Uri("spiffe://td"));
  EXPECT_TRUE(GeneralName::Uri("spiffe://t-d_1.x/A/..b/c_-."));
}

TEST(GeneralName, EmailAddresses) {
  for (const char* text : {"", "web", "@a.b", "a@", "a@@b", "a b@c", ".a@b", "a.@b", "a..b@c",
                           "\"a\"@b", "a@*.b.c", "a@b_c", "a@10.1.2.3", "\xc3\xa9@b"}) {
    EXPECT_EQ(RuleOf(GeneralName::Email(text)), "name.email") << text;
  }
  EXPECT_TRUE(GeneralName::Email(std::string(64, 'a') + "@b"));
  EXPECT_FALSE(GeneralName::Email(std::string(65, 'a') + "@b"));
  std::string label(63, 'd');
  std::string domain = label + "." + label + "." + label + "." + std::string(59, 'd');
  ASSERT_EQ(domain.size(), 251u);
  EXPECT_TRUE(GeneralName::Email("aa@" + domain));
  EXPECT_FALSE(GeneralName::Email("aaa@" + domain));
}

TEST(GeneralName, KindsByTextAndByTag) {
  EXPECT_EQ(Normal("dns:a"), "refused by name.kind");
  EXPECT_EQ(Normal("web"), "refused by name.kind");
  EXPECT_EQ(Normal(""), "refused by name.kind");
  for (const char* hex : {"800161", "8001ff", "830161", "840161", "850161", "88012a", "a20161",
                          "a003020101", "0c0161", "890161"}) {
    Bytes der = *FromHex(hex);
    auto element = der::Reader(der).ReadAny();
    ASSERT_TRUE(element) << hex;
    EXPECT_EQ(RuleOf(GeneralName::FromElement(*element)), "name.kind") << hex;
  }
}

TEST(GeneralNames, WrittenAndReadAgain) {
  GeneralNames names;
  for (const char* text :
       {"URI:spiffe://td/a", "DNS:b", "DNS:a", "IP:10.0.0.1", "IP:fd00::1", "email:a@b", "DNS:A"}) {
    names.push_back(*GeneralName::FromString(text));
  }
  names = Normalize(names);
  EXPECT_EQ(Describe(names), "email:a@b, DNS:a, DNS:b, URI:spiffe://td/a, IP:10.0.0.1, IP:fd00::1");
  der::Writer writer;
  WriteGeneralNames(writer, names);
  auto read = ReadGeneralNames(writer.bytes());
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, names);
}

TEST(GeneralNames, ReadInTheNormalForm) {
  auto read = ReadGeneralNames(*FromHex("3003820141"));
  ASSERT_TRUE(read);
  EXPECT_EQ(Describe(*read), "DNS:a");
}

Bytes NamesDer(size_t count) {
  der::Writer writer;
  writer.Sequence([&] {
    for (size_t i = 0; i < count; ++i) {
      writer.Text(der::ContextPrimitive(2), "host" + std::to_string(i) + ".internal");
    }
  });
  return writer.Take();
}

TEST(GeneralNames, CountAtItsLimitsAndOnePast) {
  EXPECT_EQ(RuleOf(ReadGeneralNames(NamesDer(0))), "san.empty");
  EXPECT_EQ(ReadGeneralNames(NamesDer(kNamesMax))->size(), kNamesMax);
  EXPECT_EQ(RuleOf(ReadGeneralNames(NamesDer(kNamesMax + 1))), "san.count");
  Bytes trailing = NamesDer(1);
  trailing.push_back(0);
  EXPECT_EQ(RuleOf(ReadGeneralNames(trailing)), "der.trailing");
}

}  // namespace
}  // namespace mayfly::x509
