// Calls by the hundred that nobody can answer, octet for octet: no client library does that.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <thread>
#include <utility>  // Asio of Boost 1.74 forgets it

#include "rpc/stream_floods.h"
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
    std::string frames = Frame(kHeaders, kEndHeaders, next_, Headers(kPath));
    if (with_message) frames += Frame(kData, 0, next_, std::string(5, '\0'));
    Write(frames + Frame(kReset, 0, next_, std::string("\0\0\0\x08", 4)));
    next_ += 2;
  }
  // One call of a method that is nobody's, which gRPC itself answers.
  void CallNobody() {
    constexpr uint8_t kEndStream = 1;
    Write(Frame(kHeaders, kEndHeaders | kEndStream, next_, Headers("/no.Such/Method")));
    next_ += 2;
  }
  // One call, begun and left open, whatever the server's settings say: they are not acknowledged.
  void Open() {
    Write(Frame(kHeaders, kEndHeaders, next_, Headers(kPath)));
    next_ += 2;
  }
  bool is_cut_off() const { return static_cast<bool>(error_); }

 private:
  static constexpr uint8_t kEndHeaders = 4;
  static constexpr const char* kPath = "/mayfly.ca.v1.CertificateAuthorityService/GetTrustBundle";
  static std::string Headers(const std::string& path) {
    return "\x83\x87" + Literal(":path", path) + Literal(":authority", "localhost") +
           Literal("content-type", "application/grpc") + Literal("te", "trailers");
  }
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

constexpr Seconds kFloodMax{15};
using Step = std::function<void(Flooder&)>;

class FloodOfStreams : public Server {
 protected:
  // So many connections of one address at once, each `calls` times this, then a pause. All are cut
  // off, or so many that what is left is no flood.
  void ExpectCutOff(size_t flooders, int calls, Milliseconds pause, const Step& step) {
    std::vector<std::jthread> threads;
    std::atomic<size_t> cut_off = 0;
    for (size_t i = 0; i < flooders; ++i) {
      threads.emplace_back([&] {
        Flooder flooder(pki_, server_->ports().at(0), "127.0.0.9");
        const auto until = std::chrono::steady_clock::now() + kFloodMax;
        while (!flooder.is_cut_off() && std::chrono::steady_clock::now() < until) {
          for (int call = 0; call < calls; ++call) step(flooder);
          std::this_thread::sleep_for(pause);
        }
        if (flooder.is_cut_off()) ++cut_off;
      });
    }
    threads.clear();
    EXPECT_GT(cut_off, flooders / 2);
    EXPECT_TRUE(Flooder(pki_, server_->ports().at(0), "127.0.0.9").is_cut_off());
    EXPECT_TRUE(Issue()) << "another address";
    std::lock_guard lock(mutex_);
    EXPECT_GE(connections_refused_.size(), 2u);
    for (const auto& [refusal, address] : connections_refused_) {
      EXPECT_EQ(refusal, net::ConnectionRefusal::kFlood);
      EXPECT_EQ(address, "127.0.0.9");
    }
  }
};

TEST_F(FloodOfStreams, ThatAreResetIsCutOff) {
  ExpectCutOff(1, 50, Milliseconds(1), [](Flooder& flooder) { flooder.Reset(false); });
}

TEST_F(FloodOfStreams, ThatAreResetWithTheirMessageIsCutOff) {
  ExpectCutOff(1, 50, Milliseconds(1), [](Flooder& flooder) { flooder.Reset(true); });
}

TEST_F(FloodOfStreams, WithoutAPauseOfSeveralConnectionsIsCutOff) {
  ExpectCutOff(4, 50, Milliseconds(0), [](Flooder& flooder) { flooder.Reset(false); });
}

// Little of each of them, and much of their address.
TEST_F(FloodOfStreams, OfManyConnectionsIsCutOff) {
  ExpectCutOff(12, 12, Milliseconds(10), [](Flooder& flooder) { flooder.Reset(false); });
}

TEST_F(FloodOfStreams, ThatGrpcAnswersItselfIsCutOff) {
  ExpectCutOff(1, 50, Milliseconds(1), [](Flooder& flooder) { flooder.CallNobody(); });
}

// Slowly, and gRPC's own limit binds nobody who does not acknowledge it.
TEST_F(FloodOfStreams, ThatStayOpenIsCutOff) {
  ExpectCutOff(1, 5, Milliseconds(10), [](Flooder& flooder) { flooder.Open(); });
}

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
