#include "identity/oidc_discovery.h"

#include "identity/json_object.h"

namespace mayfly::identity {
namespace {

constexpr int kHttpOk = 200;

Error BadDocument(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "jwks.discovery", std::move(message));
}

Result<HttpsAnswer> GetDocument(HttpsClient& client, const std::string& url,
                                const std::atomic<bool>& cancelled) {
  auto answer = client.Ask({url}, cancelled);
  if (!answer) return Fail(answer.error().code, "jwks.https", answer.error().message);
  if (answer->status == kHttpOk) return answer;
  return Fail(ErrorCode::kStoreUnavailable, "jwks.https",
              Escape(url) + ": answers " + std::to_string(answer->status) + ", not 200");
}

Result<FetchedKeys> FetchSet(HttpsClient& client, const std::string& url,
                             const std::atomic<bool>& cancelled) {
  TRY_ASSIGN(const HttpsAnswer document, GetDocument(client, url, cancelled));
  TRY_ASSIGN(JwkSet keys, JwkSet::Parse(document.body));
  return FetchedKeys{std::make_shared<const JwkSet>(std::move(keys)), document.max_age};
}

}  // namespace

std::string DiscoveryUrl(const std::string& issuer) {
  std::string url = issuer;
  if (url.ends_with('/')) url.pop_back();
  return url + "/.well-known/openid-configuration";
}

Result<FetchedKeys> OidcDiscovery::Fetch(const std::atomic<bool>& cancelled) {
  TRY_ASSIGN(const HttpsAnswer document, GetDocument(*client_, DiscoveryUrl(issuer_), cancelled));
  const auto json = ParseJsonObject(document.body);
  if (!json) return BadDocument("the discovery document is " + json.error().message);
  if (TextMember(*json, "issuer") != issuer_) {
    return BadDocument("the discovery document is of another issuer");
  }
  const auto url = TextMember(*json, "jwks_uri");
  if (!url || !IsHttpsUrl(*url)) {
    return BadDocument("the discovery document has no https:// address as its \"jwks_uri\"");
  }
  return FetchSet(*client_, *url, cancelled);
}

Result<FetchedKeys> JwksUrl::Fetch(const std::atomic<bool>& cancelled) {
  return FetchSet(*client_, url_, cancelled);
}

}  // namespace mayfly::identity
