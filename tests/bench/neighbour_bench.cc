// mayfly-bench neighbour: what one caller notices of another that floods the CA, of connections
// that say nothing, and of handshakes that never end.
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <thread>

#include "tests/bench/benches.h"
#include "tests/bench/ca_load.h"
#include "tests/bench/rpc_load.h"

namespace mayfly::bench {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr size_t kFlooderInFlight = 1000;
constexpr size_t kFlooderChannels = 8;
constexpr size_t kQuietInFlight = 64;
constexpr size_t kCsrs = 500;

// Connections that were opened and say no more.
class SilentCrowd {
 public:
  SilentCrowd(uint16_t port, const Credentials& who) : tls_(asio::ssl::context::tls_client) {
    address_ = tcp::endpoint(asio::ip::make_address("127.0.0.1"), port);
    tls_.use_certificate_chain_file(who.certificate.string());
    tls_.use_private_key_file(who.private_key.string(), asio::ssl::context::pem);
  }

  // A handshake, HTTP/2's preface and empty settings, and nothing more.
  void AddIdle() {
    auto& stream = idle_.emplace_back(context_, tls_);
    constexpr unsigned char kHttp2[] = {2, 'h', '2'};
    SSL_set_alpn_protos(stream.native_handle(), kHttp2, sizeof kHttp2);
    stream.next_layer().connect(address_);
    stream.handshake(asio::ssl::stream_base::client);
    constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    asio::write(stream, asio::buffer(kPreface, sizeof kPreface - 1));
  }
  // The first bytes of a ClientHello.
  void AddHalfOpen() {
    auto& socket = half_open_.emplace_back(context_);
    socket.connect(address_);
    asio::write(socket, asio::buffer("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  }

 private:
  asio::io_context context_;
  asio::ssl::context tls_;
  tcp::endpoint address_;
  std::deque<asio::ssl::stream<tcp::socket>> idle_;
  std::deque<tcp::socket> half_open_;
};

Json ToReport(const RpcOutcome& outcome) {
  Json report{{"certificates", outcome.succeeded},
              {"certificates_per_second", static_cast<double>(outcome.succeeded) / outcome.seconds},
              {"latency_ms", PercentilesOf(outcome.latencies)}};
  for (const auto& [what, count] : outcome.failures) report["failures"][what] = count;
  return report;
}

class Bench {
 public:
  Bench(const NeighbourOptions& options, Home home, std::vector<Credentials> who, Requests requests,
        Requests flood)
      : options_(options),
        home_(std::move(home)),
        who_(std::move(who)),
        requests_(std::move(requests)),
        flood_(std::move(flood)) {}

  Result<Json> Run() {
    TRY_ASSIGN(const int port, home_.Port("grpc"));
    TRY_ASSIGN(const RpcOutcome quiet, RunModest());
    SilentCrowd crowd(static_cast<uint16_t>(port), who_[0]);
    for (size_t i = 0; i < options_.idle; ++i) crowd.AddIdle();
    for (size_t i = 0; i < options_.half_open; ++i) crowd.AddHalfOpen();
    TRY_ASSIGN(const RpcLoad flooding, Flooding());
    Result<RpcOutcome> flooded = RpcOutcome{};
    std::thread flooder([&] { flooded = RunRpcLoad(flooding, options_.load.warm_up, [] {}); });
    const auto crowded = RunModest();
    flooder.join();
    TRY(flooded);
    TRY(crowded);
    const double before = quiet.latencies.Percentile(0.99),
                 after = crowded->latencies.Percentile(0.99);
    return Json{{"idle_connections", options_.idle},
                {"half_open_connections", options_.half_open},
                {"flooder_wanted_per_second", *flooding.rate},
                {"p99_ms_quiet", before},
                {"p99_ms_crowded", after},
                {"times", before > 0 ? after / before : 0},
                {"quiet", ToReport(quiet)},
                {"crowded", ToReport(*crowded)},
                {"flooder", ToReport(*flooded)}};
  }

 private:
  Result<RpcOutcome> RunModest() {
    RpcLoad load{.method = kIssueMethod,
                 .channels = {},
                 .next_request = [&] { return requests_.Next(); },
                 .in_flight_max = kQuietInFlight,
                 .rate = options_.load.rate,
                 .duration = options_.load.duration};
    TRY_ASSIGN(auto channel, Connect(home_, who_[0], 0));
    load.channels.push_back(std::move(channel));
    return RunRpcLoad(load, options_.load.warm_up, [] {});
  }
  Result<RpcLoad> Flooding() {
    RpcLoad load{.method = kIssueMethod,
                 .channels = {},
                 .next_request = [&] { return flood_.Next(); },
                 .in_flight_max = kFlooderInFlight,
                 .rate = *options_.load.rate * options_.times,
                 .duration = options_.load.duration};
    for (size_t i = 0; i < kFlooderChannels; ++i) {
      TRY_ASSIGN(auto channel, Connect(home_, who_[1], i + 1));
      load.channels.push_back(std::move(channel));
    }
    return load;
  }

  const NeighbourOptions& options_;
  Home home_;
  std::vector<Credentials> who_;
  Requests requests_, flood_;
};

}  // namespace

Result<Json> BenchNeighbour(const NeighbourOptions& options) {
  const Home home(options.load.home);
  TRY_ASSIGN(auto who, MakeIdentities(home, 2));
  TRY_ASSIGN(Requests requests, Requests::Make("server", kCsrs));
  TRY_ASSIGN(Requests flood, Requests::Make("server", kCsrs));
  try {
    return Bench(options, home, std::move(who), std::move(requests), std::move(flood)).Run();
  } catch (const boost::system::system_error& error) {
    return Fail(ErrorCode::kShuttingDown, "bench.unreachable", error.what());
  }
}

}  // namespace mayfly::bench
