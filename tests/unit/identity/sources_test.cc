#include <stdlib.h>

#include <fstream>
#include <map>

#include "identity/jwks_file.h"
#include "identity/oidc_discovery.h"
#include "tests/unit/identity/token_fixture.h"

namespace mayfly::identity {
namespace {

namespace fs = std::filesystem;

const std::atomic<bool> kNever = false;

class JwksFileTest : public testing::Test {
 protected:
  JwksFileTest() {
    std::string pattern = (fs::temp_directory_path() / "mayfly-jwks-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~JwksFileTest() override { fs::remove_all(folder_); }
  void Write(const std::string& text) const { std::ofstream(folder_ / "jwks.json") << text; }
  fs::path folder_;
};

TEST_F(JwksFileTest, IsReadAgainWhenItChanged) {
  JwksFile source(folder_ / "jwks.json");
  EXPECT_EQ(RuleOf(source.Fetch(kNever)), "jwks.file");
  Write(KeySetText({EcKey().Jwk("a")}));
  const auto first = source.Fetch(kNever);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->keys->keys().size(), 1u);
  EXPECT_EQ(source.Fetch(kNever)->keys, first->keys);
  Write(KeySetText({EcKey().Jwk("a"), RsaKey().Jwk("b")}));
  const auto second = source.Fetch(kNever);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->keys->keys().size(), 2u);
}

TEST_F(JwksFileTest, RefusesWhatIsNoFileOfKeys) {
  JwksFile source(folder_ / "jwks.json");
  Write("{\"keys\":[");  // half of it
  EXPECT_EQ(RuleOf(source.Fetch(kNever)), "jwks.format");
  Write(std::string(kJwksBytesMax + 1, ' '));
  EXPECT_EQ(RuleOf(source.Fetch(kNever)), "jwks.size");
  JwksFile folder(folder_);
  EXPECT_EQ(RuleOf(folder.Fetch(kNever)), "jwks.file");
}

class FakeGetter final : public HttpsGetter {
 public:
  explicit FakeGetter(std::map<std::string, HttpsDocument> pages) : pages_(std::move(pages)) {}
  Result<HttpsDocument> Get(const std::string& url, const std::atomic<bool>&) override {
    const auto page = pages_.find(url);
    if (page != pages_.end()) return page->second;
    return Fail(ErrorCode::kStoreUnavailable, "jwks.https", "404");
  }

 private:
  std::map<std::string, HttpsDocument> pages_;
};

Result<FetchedKeys> Discover(const std::string& issuer,
                             std::map<std::string, HttpsDocument> pages) {
  return OidcDiscovery(issuer, std::make_unique<FakeGetter>(std::move(pages))).Fetch(kNever);
}
HttpsDocument Document(const Json& issuer, const Json& jwks_uri) {
  return {Json{{"issuer", issuer}, {"jwks_uri", jwks_uri}}.dump(), std::nullopt};
}
constexpr char kWellKnown[] = "https://issuer.example/.well-known/openid-configuration";
constexpr char kKeys[] = "https://keys.example/jwks";

TEST(OidcDiscovery, FollowsTheDocumentOfTheIssuer) {
  const HttpsDocument keys{KeySetText({EcKey().Jwk("a")}), Seconds(77)};
  const auto fetched = Discover(kIssuer, {{kWellKnown, Document(kIssuer, kKeys)}, {kKeys, keys}});
  ASSERT_TRUE(fetched) << Describe(fetched.error(), ErrorText::kForLog);
  EXPECT_EQ(fetched->keys->keys().size(), 1u);
  EXPECT_EQ(fetched->max_age, Seconds(77));
  EXPECT_TRUE(
      Discover(kIssuer + "/", {{kWellKnown, Document(kIssuer + "/", kKeys)}, {kKeys, keys}}));
  JwksUrl direct(kKeys,
                 std::make_unique<FakeGetter>(std::map<std::string, HttpsDocument>{{kKeys, keys}}));
  EXPECT_TRUE(direct.Fetch(kNever));
}

TEST(OidcDiscovery, RefusesAnotherIssuersDocument) {
  const HttpsDocument keys{KeySetText({EcKey().Jwk("a")}), std::nullopt};
  for (const Json& issuer :
       {Json("https://other.example"), Json("https://issuer.example/"), Json(1), Json(nullptr)}) {
    EXPECT_EQ(RuleOf(Discover(kIssuer, {{kWellKnown, Document(issuer, kKeys)}, {kKeys, keys}})),
              "jwks.discovery");
  }
  for (const Json& url : {Json("http://keys.example/jwks"), Json("file:///etc/passwd"), Json(""),
                          Json("https://u@keys.example/jwks"), Json("https://"), Json(nullptr)}) {
    EXPECT_EQ(RuleOf(Discover(kIssuer, {{kWellKnown, Document(kIssuer, url)}, {kKeys, keys}})),
              "jwks.discovery");
  }
  EXPECT_EQ(RuleOf(Discover(kIssuer, {{kWellKnown, {"[]", std::nullopt}}})), "jwks.discovery");
  EXPECT_EQ(RuleOf(Discover(kIssuer, {})), "jwks.https");
  EXPECT_EQ(RuleOf(Discover(kIssuer, {{kWellKnown, Document(kIssuer, kKeys)}})), "jwks.https");
  EXPECT_EQ(RuleOf(Discover(kIssuer, {{kWellKnown, Document(kIssuer, kKeys)},
                                      {kKeys, {"{\"keys\":[]}", std::nullopt}}})),
            "jwks.empty");
}

TEST(HttpsGet, ReadsHowLongAnAnswerIsFresh) {
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

TEST(HttpsGet, AsksHttpsOnly) {
  EXPECT_TRUE(IsHttpsUrl("https://issuer.example"));
  EXPECT_TRUE(IsHttpsUrl("https://[::1]:8443/keys?v=1"));
  EXPECT_TRUE(IsHttpsUrl("https://h/" + std::string(2048 - 10, 'a')));
  for (const std::string& url :
       {std::string("http://issuer.example"), std::string("https://"), std::string("https:///x"),
        std::string("https://a@b/"), std::string("https://a b/"), std::string("https://a/#x"),
        std::string("https://:80/"), std::string("HTTPS://a/"), std::string("https://a\\b/"),
        std::string("https://\xc3\xa4/"), "https://h/" + std::string(2048 - 9, 'a')}) {
    EXPECT_FALSE(IsHttpsUrl(url)) << url;
    CurlGetter getter(std::nullopt);
    EXPECT_EQ(RuleOf(getter.Get(url, kNever)), "jwks.https");
  }
}

}  // namespace
}  // namespace mayfly::identity
