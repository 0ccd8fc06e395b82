#include "https_client/https_client.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

const std::atomic<bool> kNever = false;

TEST(HttpsClientTest, ReadsHowLongAnAnswerIsFresh) {
  EXPECT_EQ(MaxAgeOf("max-age=60"), Seconds(60));
  EXPECT_EQ(MaxAgeOf(" public, Max-Age=3600 , must-revalidate\r\n"), Seconds(3600));
  EXPECT_EQ(MaxAgeOf("no-store"), Seconds(0));
  EXPECT_EQ(MaxAgeOf("max-age=60, no-cache"), Seconds(0));
  EXPECT_EQ(MaxAgeOf("max-age=999999999"), Seconds(999999999));
  for (const char* none : {"", "public", "max-age=", "max-age=-1", "max-age=1.5", "max-age=1e3",
                           "max-age=9999999999", "s-maxage=5"}) {
    EXPECT_EQ(MaxAgeOf(none), std::nullopt) << none;
  }
}

TEST(HttpsClientTest, AsksHttpsOnly) {
  EXPECT_TRUE(IsHttpsUrl("https://issuer.example"));
  EXPECT_TRUE(IsHttpsUrl("https://[::1]:8443/keys?v=1"));
  EXPECT_TRUE(IsHttpsUrl("https://h/" + std::string(2048 - 10, 'a')));
  for (const std::string& url :
       {std::string("http://issuer.example"), std::string("https://"), std::string("https:///x"),
        std::string("https://a@b/"), std::string("https://a b/"), std::string("https://a/#x"),
        std::string("https://:80/"), std::string("HTTPS://a/"), std::string("https://a\\b/"),
        std::string("https://\xc3\xa4/"), "https://h/" + std::string(2048 - 9, 'a')}) {
    EXPECT_FALSE(IsHttpsUrl(url)) << url;
    CurlClient client(std::nullopt);
    EXPECT_EQ(client.Ask({url}, kNever).error().rule, "https.failed");
  }
}

}  // namespace
}  // namespace mayfly
