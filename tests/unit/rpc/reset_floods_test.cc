// Calls that are begun and reset by the hundred, octet for octet: no client library does that.
#include "rpc/reset_floods.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>  // Asio of Boost 1.74 forgets it

#include "tests/unit/rpc/server_fixture.h"

namespace mayfly::rpc {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

enum FrameType : uint8_t { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4 };  // RFC 9113 6

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, const std::string& payload) {
  std::string frame;
  const auto put = [&](uint32_t value, int octets) {
    for (int i = octets - 1; i >= 0; --i) frame += static_cast<char>(value >> 8 * i);
  };
  put(static_cast<uint32_t>(payload.size()), 3);
  put(type, 1);
  put(flags, 1);
  put(stream, 4);
  return frame + payload;
}

// RFC 7541 6.2.2
std::string Literal(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + name +
         static_cast<char>(value.size()) + value;
}

class Flooder {
 public:
  Flooder(const TestPki& pki, uint16_t port, const char* from)
      : context_(ContextOf(pki)), stream_(io_, context_) {
    static const unsigned char kHttp2[] = "\x02h2";
    SSL_set_alpn_protos(stream_.native_handle(), kHttp2, 3);
    stream_.next_layer().open(Tcp::v4());
    stream_.next_layer().bind({asio::ip::make_address(from), 0});
    stream_.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
    stream_.handshake(asio::ssl::stream_base::client, error_);
    Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, 0, 0, ""));
  }
  // One call, begun and reset.
  void Reset(bool with_message) {
    static const std::string headers =
        "\x83\x87" + Literal(":path", "/mayfly.ca.v1.CertificateAuthorityService/GetTrustBundle") +
        Literal(":authority", "localhost") + Literal("content-type", "application/grpc") +
        Literal("te", "trailers");
    constexpr uint8_t kEndHeaders = 4;
    std::string frames = Frame(kHeaders, kEndHeaders, next_, headers);
    if (with_message) frames += Frame(kData, 0, next_, std::string(5, '\0'));
    Write(frames + Frame(kReset, 0, next_, std::string("\0\0\0\x08", 4)));
    next_ += 2;
  }
  bool is_cut_off() const { return static_cast<bool>(error_); }

 private:
  static asio::ssl::context ContextOf(const TestPki& pki) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    context.use_certificate_chain_file(pki.File("client.crt").string());
    context.use_private_key_file(pki.File("client.key").string(), asio::ssl::context::pem);
    return context;
  }
  void Write(const std::string& octets) {
    if (!error_) asio::write(stream_, asio::buffer(octets), error_);
  }

  asio::io_context io_;
  asio::ssl::context context_;
  asio::ssl::stream<Tcp::socket> stream_;
  boost::system::error_code error_;
  uint32_t next_ = 1;
};

class ResetFloodsTest : public Server, public testing::WithParamInterface<bool> {};

TEST_P(ResetFloodsTest, EndTheConnectionAndKeepTheAddressOut) {
  Flooder flooder(pki_, server_->ports().at(0), "127.0.0.9");
  ASSERT_FALSE(flooder.is_cut_off());
  const auto until = std::chrono::steady_clock::now() + Seconds(60);
  while (!flooder.is_cut_off() && std::chrono::steady_clock::now() < until) {
    for (int i = 0; i < 50; ++i) flooder.Reset(GetParam());
    std::this_thread::sleep_for(Milliseconds(1));
  }
  EXPECT_TRUE(flooder.is_cut_off());
  EXPECT_TRUE(Flooder(pki_, server_->ports().at(0), "127.0.0.9").is_cut_off());
  EXPECT_TRUE(Issue()) << "another address";
  std::lock_guard lock(mutex_);
  ASSERT_GE(connections_refused_.size(), 2u);
  for (const auto& [refusal, address] : connections_refused_) {
    EXPECT_EQ(refusal, net::ConnectionRefusal::kFlood);
    EXPECT_EQ(address, "127.0.0.9");
  }
}

INSTANTIATE_TEST_SUITE_P(WithMessageAndWithout, ResetFloodsTest, testing::Bool());

// Calls that fail are none.
TEST_F(Server, ManyRefusalsAreNoFlood) {
  const auto client = Connect("client");
  ASSERT_TRUE(client);
  use_cases_.failures.assign(100'000, Fail(ErrorCode::kPolicyDenied, "policy.role", "no"));
  const auto until = std::chrono::steady_clock::now() + 3 * kFloodsLookedForEvery;
  while (std::chrono::steady_clock::now() < until) {
    EXPECT_EQ((*client)->Issue({.csr_der = Bytes{1}, .profile = "server"}).error().rule,
              "policy.role");
  }
  std::lock_guard lock(mutex_);
  EXPECT_TRUE(connections_refused_.empty());
}

}  // namespace
}  // namespace mayfly::rpc
