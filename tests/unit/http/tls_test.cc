// HTTPS: the handshake, and certificates that change while connections are open.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "base/executor.h"
#include "http/server.h"
#include "http/tls_context.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/rpc/test_pki.h"

namespace mayfly::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kLastGet = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

class Hello final : public HttpHandler {
 public:
  Task<HttpResponse> Handle(HttpRequest) override { co_return PlainText(200, "hello"); }
};

// A client that trusts ca.crt and wants the name localhost.
class TlsClient {
 public:
  TlsClient(uint16_t port, const std::filesystem::path& roots)
      : context_(WithRoots(roots)), stream_(io_, context_) {
    stream_.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
    SSL_set1_host(stream_.native_handle(), "localhost");
    stream_.handshake(asio::ssl::stream_base::client, error_);
  }
  const boost::system::error_code& error() const { return error_; }
  // The serial number of the server's certificate.
  std::string serial() {
    X509* peer = SSL_get1_peer_certificate(stream_.native_handle());
    BIGNUM* number = ASN1_INTEGER_to_BN(X509_get_serialNumber(peer), nullptr);
    char* hex = BN_bn2hex(number);
    std::string out = hex;
    OPENSSL_free(hex);
    BN_free(number);
    X509_free(peer);
    return out;
  }
  std::string Ask() {
    asio::write(stream_, asio::buffer(kGet), error_);
    std::string answer(4096, '\0');
    answer.resize(stream_.read_some(asio::buffer(answer), error_));
    return answer;
  }
  // And everything that comes until the server says that this is the end.
  std::string AskLast() {
    asio::write(stream_, asio::buffer(kLastGet), error_);
    std::string answer;
    asio::read(stream_, asio::dynamic_buffer(answer), error_);
    return answer;
  }

 private:
  static asio::ssl::context WithRoots(const std::filesystem::path& roots) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    context.set_verify_mode(asio::ssl::verify_peer);
    context.load_verify_file(roots.string());
    return context;
  }
  asio::io_context io_;
  asio::ssl::context context_;
  asio::ssl::stream<Tcp::socket> stream_;
  boost::system::error_code error_;
};

class HttpsTest : public testing::Test {
 protected:
  void Start(HttpLimits limits = {}) {
    auto started = HttpServer::Start({.addresses = {{"127.0.0.1", 0}},
                                      .handler = handler_,
                                      .clock = clock_,
                                      .limits = limits,
                                      .tls = Files()});
    ASSERT_TRUE(started) << Describe(started.error(), ErrorText::kForLog);
    server_ = *std::move(started);
  }
  net::TlsFiles Files() const { return {pki_.File("server.crt"), pki_.File("server.key")}; }
  TlsClient Connect() { return {server_->ports().at(0), pki_.File("ca.crt")}; }
  void Replace(const char* file) {
    std::filesystem::rename(pki_.File(std::string("new.") + file),
                            pki_.File(std::string("server.") + file));
    clock_.Advance(kTlsFilesLookedAtEvery);
  }

  rpc::TestPki pki_;
  fakes::ManualClock clock_;
  Hello handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpsTest, AnswersAndSaysThatItIsTheEnd) {
  Start();
  auto client = Connect();
  ASSERT_FALSE(client.error()) << client.error().message();
  EXPECT_TRUE(client.Ask().ends_with("hello\n"));
  EXPECT_TRUE(client.AskLast().ends_with("hello\n"));
  EXPECT_EQ(client.error(), asio::error::eof) << "not cut off: " << client.error().message();
}

TEST_F(HttpsTest, WhoTrustsSomebodyElseSaysNothing) {
  Start();
  TlsClient client(server_->ports().at(0), pki_.File("foreign.crt"));
  EXPECT_TRUE(client.error());
}

TEST_F(HttpsTest, ARenewedCertificateIsShownToWhoComesNext) {
  Start();
  auto before = Connect();
  pki_.Make("new", "ca", "serverAuth");
  Replace("key");
  auto between = Connect();
  ASSERT_FALSE(between.error()) << "the key is not the certificate's now: the pair before stays";
  EXPECT_EQ(between.serial(), before.serial());
  Replace("crt");
  auto after = Connect();
  ASSERT_FALSE(after.error()) << after.error().message();
  EXPECT_NE(after.serial(), before.serial());
  for (TlsClient* each : {&before, &between, &after}) EXPECT_TRUE(each->Ask().ends_with("hello\n"));
}

TEST_F(HttpsTest, TheFilesAreLookedAtOnceInAWhile) {
  Start();
  const std::string before = Connect().serial();
  pki_.Make("new", "ca", "serverAuth");
  for (const char* file : {"key", "crt"}) {
    std::filesystem::rename(pki_.File(std::string("new.") + file),
                            pki_.File(std::string("server.") + file));
  }
  EXPECT_EQ(Connect().serial(), before);
  clock_.Advance(kTlsFilesLookedAtEvery);
  EXPECT_NE(Connect().serial(), before);
}

TEST_F(HttpsTest, AHandshakeThatDoesNotEndIsCut) {
  HttpLimits limits;
  limits.handshake_timeout = Milliseconds(50);
  Start(limits);
  asio::io_context io;
  Tcp::socket silent(io);
  silent.connect({asio::ip::make_address("127.0.0.1"), server_->ports().at(0)});
  char nothing;
  boost::system::error_code error;
  EXPECT_EQ(silent.read_some(asio::buffer(&nothing, 1), error), 0u);
  EXPECT_TRUE(error);
}

TEST_F(HttpsTest, PlainHttpIsNoHandshake) {
  Start();
  asio::io_context io;
  Tcp::socket plain(io);
  plain.connect({asio::ip::make_address("127.0.0.1"), server_->ports().at(0)});
  asio::write(plain, asio::buffer(kGet));
  std::string answer;
  boost::system::error_code error;
  asio::read(plain, asio::dynamic_buffer(answer), error);
  EXPECT_EQ(answer.find("hello"), std::string::npos);
}

TEST_F(HttpsTest, OldTlsIsRefused) {
  Start();
  asio::io_context io;
  asio::ssl::context old(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(old.native_handle(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.native_handle(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(old.native_handle(), 0);
  asio::ssl::stream<Tcp::socket> stream(io, old);
  stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), server_->ports().at(0)});
  boost::system::error_code error;
  stream.handshake(asio::ssl::stream_base::client, error);
  EXPECT_TRUE(error);
}

TEST_F(HttpsTest, FilesThatAreNoPairAreAnError) {
  const auto rule = [this](net::TlsFiles files) {
    return HttpServer::Start({.addresses = {{"127.0.0.1", 0}},
                              .handler = handler_,
                              .clock = clock_,
                              .tls = std::move(files)})
        .error()
        .rule;
  };
  EXPECT_EQ(rule({pki_.File("server.crt"), pki_.File("client.key")}), "listener.private-key");
  EXPECT_EQ(rule({pki_.File("absent"), pki_.File("client.key")}), "listener.certificate");
}

}  // namespace
}  // namespace mayfly::http
