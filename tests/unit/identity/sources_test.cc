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

class FakeClient final : public HttpsClient {
 public:
  explicit FakeClient(std::map<std::string, HttpsAnswer> pages) : pages_(std::move(pages)) {}
  Result<HttpsAnswer> Ask(const HttpsRequest& request, const std::atomic<bool>&) override {
    const auto page = pages_.find(request.url);
    if (request.body || page == pages_.end()) return HttpsAnswer{404, "", std::nullopt};
    return page->second;
  }

 private:
  std::map<std::string, HttpsAnswer> pages_;
};

Result<FetchedKeys> Discover(const std::string& issuer, std::map<std::string, HttpsAnswer> pages) {
  return OidcDiscovery(issuer, std::make_unique<FakeClient>(std::move(pages))).Fetch(kNever);
}
HttpsAnswer Document(const Json& issuer, const Json& jwks_uri) {
  return {200, Json{{"issuer", issuer}, {"jwks_uri", jwks_uri}}.dump(), std::nullopt};
}
constexpr char kWellKnown[] = "https://issuer.example/.well-known/openid-configuration";
constexpr char kKeys[] = "https://keys.example/jwks";

TEST(OidcDiscovery, FollowsTheDocumentOfTheIssuer) {
  const HttpsAnswer keys{200, KeySetText({EcKey().Jwk("a")}), Seconds(77)};
  const auto fetched = Discover(kIssuer, {{kWellKnown, Document(kIssuer, kKeys)}, {kKeys, keys}});
  ASSERT_TRUE(fetched) << Describe(fetched.error(), ErrorText::kForLog);
  EXPECT_EQ(fetched->keys->keys().size(), 1u);
  EXPECT_EQ(fetched->max_age, Seconds(77));
  EXPECT_TRUE(
      Discover(kIssuer + "/", {{kWellKnown, Document(kIssuer + "/", kKeys)}, {kKeys, keys}}));
  JwksUrl direct(kKeys,
                 std::make_unique<FakeClient>(std::map<std::string, HttpsAnswer>{{kKeys, keys}}));
  EXPECT_TRUE(direct.Fetch(kNever));
}

TEST(OidcDiscovery, RefusesAnotherIssuersDocument) {
  const HttpsAnswer keys{200, KeySetText({EcKey().Jwk("a")}), std::nullopt};
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
  EXPECT_EQ(RuleOf(Discover(kIssuer, {{kWellKnown, {200, "[]", std::nullopt}}})), "jwks.discovery");
  EXPECT_EQ(RuleOf(Discover(kIssuer, {})), "jwks.https");
  EXPECT_EQ(RuleOf(Discover(kIssuer, {{kWellKnown, Document(kIssuer, kKeys)}})), "jwks.https");
  EXPECT_EQ(RuleOf(Discover(kIssuer, {{kWellKnown, Document(kIssuer, kKeys)},
                                      {kKeys, {200, "{\"keys\":[]}", std::nullopt}}})),
            "jwks.empty");
}

}  // namespace
}  // namespace mayfly::identity
