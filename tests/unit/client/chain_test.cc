#include <gtest/gtest.h>

#include "clients/cpp/certificate_facts.h"
#include "clients/cpp/chain_check.h"
#include "clients/cpp/names.h"
#include "clients/cpp/tls_peer.h"

namespace mayfly::client {
namespace {

namespace fs = std::filesystem;
const fs::path kGolden = fs::path(MAYFLY_SOURCE_DIR) / "tests/golden/cli";

std::vector<CertificateFacts> Read(const char* name) { return *ReadCertificates(kGolden / name); }

TEST(CertificateFacts, AreWhatTheFileHolds) {
  const auto chain = Read("web.internal.crt");
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].serial, "21019c0b1d8800112233445566778899aabbccdd");
  EXPECT_EQ(chain[0].names,
            (std::vector<std::string>{"DNS:web.internal", "DNS:www.internal", "IP:10.0.0.7"}));
  EXPECT_EQ(chain[0].key, "ec-p256");
  EXPECT_EQ(chain[0].issuer_common_name, "Example issuing CA");
  EXPECT_FALSE(chain[0].is_ca);
  EXPECT_TRUE(chain[1].is_ca);
  EXPECT_EQ(chain[0].not_after - chain[0].not_before, std::chrono::hours(7 * 24) - Seconds(1));
}

TEST(CertificateFacts, OtherFilesAreNamedForWhatTheyAre) {
  EXPECT_EQ(ReadCertificates(kGolden / "nothing.crt").error().rule, "file.missing");
  const auto request = ReadCertificates(kGolden / "request.csr");
  EXPECT_EQ(request.error().rule, "certificate.none");
  EXPECT_NE(request.error().message.find("a CSR"), std::string::npos);
}

TEST(CheckChain, HoldsUpToTheRightRootOnly) {
  const auto shown = Read("web.internal.crt");
  const auto path = CheckChain({shown, Read("roots.pem")});
  ASSERT_TRUE(path);
  EXPECT_EQ(*path,
            (std::vector<std::string>{"DNS:web.internal", "Example issuing CA", "Example root"}));
  EXPECT_EQ(CheckChain({shown, Read("other-roots.pem")}).error().rule, "verify.chain");
  EXPECT_EQ(CheckChain({{shown[0]}, Read("roots.pem")}).error().rule, "verify.chain");
}

TEST(CheckDates, BothEndsAreInclusive) {
  const auto leaf = Read("web.internal.crt")[0];
  EXPECT_FALSE(CheckDates(leaf, leaf.not_before - Seconds(1)));
  EXPECT_TRUE(CheckDates(leaf, leaf.not_before));
  EXPECT_TRUE(CheckDates(leaf, leaf.not_after));
  EXPECT_FALSE(CheckDates(leaf, leaf.not_after + Seconds(1)));
}

TEST(CheckName, OnlyThoseItHolds) {
  const auto leaf = Read("web.internal.crt")[0];
  for (const char* name : {"web.internal", "WEB.internal", "10.0.0.7"}) {
    EXPECT_TRUE(CheckName(leaf, *ParseName(name))) << name;
  }
  for (const char* name :
       {"api.internal", "a.web.internal", "10.0.0.8", "a@web.internal", "https://web.internal"}) {
    EXPECT_FALSE(CheckName(leaf, *ParseName(name))) << name;
  }
}

TEST(ParseHttps, HostsAndPorts) {
  const auto target = [](const char* url) {
    const auto parsed = ParseHttps(url);
    return parsed ? parsed->host + " " + parsed->port : parsed.error().rule;
  };
  EXPECT_EQ(target("https://web.internal"), "web.internal 443");
  EXPECT_EQ(target("https://web.internal:8443/path?x"), "web.internal 8443");
  EXPECT_EQ(target("https://web.internal:443"), "web.internal 443");
  EXPECT_EQ(target("https://web.internal:7443"), "web.internal 7443");
  EXPECT_EQ(target("https://[fd00::1]:8443"), "fd00::1 8443");
  EXPECT_EQ(target("https://[fd00::1]"), "fd00::1 443");
  for (const char* bad : {"https://", "https://a:0", "https://a:b", "https://a b", "http://a"}) {
    EXPECT_EQ(target(bad), "cli.url") << bad;
  }
}

}  // namespace
}  // namespace mayfly::client
