#include <gtest/gtest.h>

#include "http/ca_certificates_handler.h"
#include "http/health_handler.h"
#include "http/metrics_handler.h"
#include "http/ocsp_handler.h"
#include "http/router.h"
#include "http/server.h"
#include "ocsp/get_path.h"
#include "tests/fakes/responder_world.h"

namespace mayfly::http {
namespace {

static_assert(kHeaderBytesMax > ocsp::kGetPathBytesMax + 1024, "a GET at its limit must fit");
static_assert(kBodyBytesMax > ocsp::kRequestDerBytesMax, "a POST at its limit must fit");

std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

HttpResponse Send(HttpHandler& handler, HttpRequest request) {
  return SyncWait(handler.Handle(std::move(request)));
}
HttpResponse Get(HttpHandler& handler, const std::string& target) {
  return Send(handler, {"GET", target, "", {}});
}
std::string Text(const HttpResponse& response) { return ToString(response.body); }

struct OcspHandlerTest : testing::Test, fakes::ResponderWorld {
  HttpResponse Post(const Bytes& body, const std::string& type = "application/ocsp-request") {
    return Send(handler, {"POST", "/ocsp", type, body});
  }
  OcspHandler handler{"/ocsp", responder, clock,
                      [this](const ocsp::Answer& answer) { answers.push_back(answer); }};
  std::vector<ocsp::Answer> answers;
};

std::string PercentEncoded(std::string_view base64) {
  std::string out;
  for (char c : base64) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      out += c;
    else
      out += "%" + ToHex(AsBytes(std::string_view(&c, 1)));
  }
  return out;
}

TEST(MetricsHandlerTest, GivesTheTextAsPrometheusWantsIt) {
  MetricsHandler handler([] { return std::string("mayfly_level 1\n"); });
  const HttpResponse response = Get(handler, "/metrics");
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(Text(response), "mayfly_level 1\n");
  EXPECT_EQ(Get(handler, "/metrics/more").status, 404u);
  EXPECT_EQ(Send(handler, {"POST", "/metrics", "", {}}).status, 405u);
}

TEST_F(OcspHandlerTest, GetAndPostAgree) {
  for (const char* name : {"sha1.der", "sha256.der", "signed.der", "two.der", "not_ours.der"}) {
    Bytes der = fakes::OcspGoldenDer(name);
    HttpResponse post = Post(der);
    EXPECT_EQ(post.status, 200u);
    EXPECT_EQ(post.content_type, "application/ocsp-response");
    for (const std::string& path : {ToBase64(der), PercentEncoded(ToBase64(der))}) {
      HttpResponse get = Get(handler, "/ocsp/" + path);
      EXPECT_EQ(get.status, 200u);
      EXPECT_EQ(get.body, post.body) << name;
      EXPECT_EQ(get.headers, post.headers) << name;
    }
  }
}

TEST_F(OcspHandlerTest, WhatIsNoRequestIsMalformedEitherWay) {
  Bytes malformed = ocsp::WriteErrorResponse(ocsp::ResponseStatus::kMalformedRequest);
  EXPECT_EQ(Post({}).body, malformed);
  EXPECT_EQ(Post(Bytes(5000, 0x30)).body, malformed);
  for (const char* target : {"/ocsp", "/ocsp/", "/ocsp/MA", "/ocsp/_-", "/ocsp/./", "/ocsp/%"}) {
    HttpResponse get = Get(handler, target);
    EXPECT_EQ(get.body, malformed) << target;
    EXPECT_EQ(HeaderOf(get, "Cache-Control"), "no-store");
  }
}

TEST_F(OcspHandlerTest, TellsWhatItAnsweredAndFromWhere) {
  Post(fakes::OcspGoldenDer("sha1.der"));
  Post(fakes::OcspGoldenDer("sha1.der"));
  Post({});
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].kind, ocsp::AnswerKind::kGood);
  EXPECT_FALSE(answers[0].from_memory);
  EXPECT_EQ(answers[1].kind, ocsp::AnswerKind::kGood);
  EXPECT_TRUE(answers[1].from_memory);
  EXPECT_EQ(answers[2].kind, ocsp::AnswerKind::kMalformedRequest);
}

TEST_F(OcspHandlerTest, HeadersForCaches) {
  HttpResponse response = Post(fakes::OcspGoldenDer("sha1.der"));
  EXPECT_EQ(HeaderOf(response, "Last-Modified"), HttpDate(clock.Now()));
  EXPECT_EQ(HeaderOf(response, "Expires"), HttpDate(clock.Now() + fakes::kGoldenAnswerLife));
  EXPECT_EQ(HeaderOf(response, "ETag"), '"' + ToHex(x509::Sha256(response.body)) + '"');
  EXPECT_EQ(HeaderOf(response, "Cache-Control"),
            "max-age=3599, public, no-transform, must-revalidate");
}

TEST_F(OcspHandlerTest, UnknownIsNotToBeStored) {
  PutStanding(LedgerStatus::Standing::kAbandoned);
  HttpResponse unknown = Post(fakes::OcspGoldenDer("sha1.der"));
  EXPECT_EQ(unknown.headers.size(), 1u);
  EXPECT_EQ(HeaderOf(unknown, "Cache-Control"), "no-store");
}

TEST_F(OcspHandlerTest, MaxAgeLiesBetweenTheUpdates) {
  TimePoint now = clock.Now();
  auto control = [&](Seconds this_update, Seconds next_update) {
    ocsp::Answer answer{{}, ocsp::CacheFacts{now + this_update, now + next_update}};
    for (const auto& [name, value] : CacheHeaders(answer, now)) {
      if (name == "Cache-Control") return value.substr(0, value.find(','));
    }
    return std::string();
  };
  EXPECT_EQ(control(Seconds(0), Seconds(2)), "max-age=1");
  EXPECT_EQ(control(Seconds(0), Seconds(1)), "no-store");
  EXPECT_EQ(control(Seconds(-9), Seconds(-1)), "no-store");
  EXPECT_EQ(control(Seconds(9), Seconds(11)), "max-age=10");
  EXPECT_EQ(control(Seconds(9), Seconds(10)), "no-store");  // our clock is behind
}

TEST_F(OcspHandlerTest, MethodsAndTypes) {
  Bytes der = fakes::OcspGoldenDer("sha1.der");
  EXPECT_EQ(Post(der, "text/plain").status, 415u);
  EXPECT_EQ(Post(der, "").status, 415u);
  EXPECT_EQ(Post(der, "application/ocsp-requests").status, 415u);
  EXPECT_EQ(Post(der, "Application/OCSP-Request ; charset=x").status, 200u);
  HttpResponse deleted = Send(handler, {"DELETE", "/ocsp", "", {}});
  EXPECT_EQ(deleted.status, 405u);
  EXPECT_EQ(HeaderOf(deleted, "Allow"), "GET, POST");
}

TEST(CaCertificatesHandler, ServesAndSwaps) {
  x509::Certificate root = fakes::OcspGoldenCertificate("root.pem");
  x509::Certificate issuer = fakes::OcspGoldenCertificate("issuer.pem");
  CaCertificatesHandler handler({{root}, {{"issuing-1", issuer}}});
  HttpResponse der = Get(handler, "/ca/issuing-1.cer");
  EXPECT_EQ(der.content_type, "application/pkix-cert");
  EXPECT_TRUE(Equal(der.body, issuer.der()));
  EXPECT_EQ(Text(Get(handler, "/ca/issuing-1.pem")), issuer.Pem());
  EXPECT_EQ(Text(Get(handler, "/ca/root.pem")), root.Pem());
  EXPECT_EQ(Text(Get(handler, "/trust-bundle.pem")), root.Pem());
  EXPECT_EQ(Get(handler, "/trust-bundle.pem").content_type, "application/pem-certificate-chain");
  for (const char* absent : {"/ca/", "/ca/other.cer", "/ca/../etc/passwd", "/ca/root.key"}) {
    EXPECT_EQ(Get(handler, absent).status, 404u) << absent;
  }
  EXPECT_EQ(Send(handler, {"POST", "/trust-bundle.pem", "", {}}).status, 405u);
  x509::Certificate other = fakes::OcspGoldenCertificate("other.pem");
  handler.Set({{root, other}, {}});
  EXPECT_EQ(Text(Get(handler, "/trust-bundle.pem")), root.Pem() + other.Pem());
  EXPECT_EQ(Get(handler, "/ca/issuing-1.cer").status, 404u);
}

TEST(HealthHandler, SaysWhyItIsNotReady) {
  bool up = true;
  HealthHandler handler({{"signer", [] { return Ok(); }},
                         {"database", [&]() -> Status {
                            if (up) return Ok();
                            return Fail(ErrorCode::kStoreUnavailable, "store.down", "\"a\"\n\\");
                          }}});
  EXPECT_EQ(Get(handler, "/healthz").status, 200u);
  EXPECT_EQ(Get(handler, "/readyz").status, 200u);
  EXPECT_EQ(Text(Get(handler, "/readyz")),
            "{\"ready\":true,\"checks\":[{\"name\":\"signer\",\"ready\":true},"
            "{\"name\":\"database\",\"ready\":true}]}\n");
  up = false;
  HttpResponse response = Get(handler, "/readyz");
  EXPECT_EQ(response.status, 503u);
  EXPECT_EQ(Text(response),
            "{\"ready\":false,\"checks\":[{\"name\":\"signer\",\"ready\":true},"
            "{\"name\":\"database\",\"ready\":false,\"reason\":"
            "\"store-unavailable [store.down]: \\\"a\\\"\\\\x0a\\\\x5c\"}]}\n");
  EXPECT_EQ(Get(handler, "/healthz").status, 200u);
}

struct NamedHandler final : HttpHandler {
  explicit NamedHandler(std::string name) : name(std::move(name)) {}
  Task<HttpResponse> Handle(HttpRequest) override { co_return PlainText(200, name); }
  std::string name;
};

TEST(Router, LongestPathAtASegmentWins) {
  NamedHandler ocsp("ocsp"), deep("deep");
  Router router;
  router.Mount("/ocsp", ocsp);
  router.Mount("/ocsp/deep", deep);
  EXPECT_EQ(Text(Get(router, "/ocsp")), "ocsp\n");
  EXPECT_EQ(Text(Get(router, "/ocsp//x")), "ocsp\n");
  EXPECT_EQ(Text(Get(router, "/ocsp/deep/x")), "deep\n");
  EXPECT_EQ(Text(Get(router, "/ocsp/deeper")), "ocsp\n");
  EXPECT_EQ(Get(router, "/ocspx").status, 404u);
  EXPECT_EQ(Get(router, "//ocsp").status, 404u);
}

TEST(HttpDate, HasTheOneForm) {
  EXPECT_EQ(HttpDate(TimePoint(Seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(HttpDate(TimePoint(Seconds(4102444799))), "Thu, 31 Dec 2099 23:59:59 GMT");
}

}  // namespace
}  // namespace mayfly::http
