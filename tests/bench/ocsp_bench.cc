// mayfly-bench ocsp: answers over HTTP/1.1, on connections that stay open.
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <map>
#include <thread>

#include "base/system.h"
#include "clients/cpp/client.h"
#include "clients/cpp/files.h"
#include "clients/cpp/private_key.h"
#include "tests/bench/benches.h"
#include "tests/bench/processes.h"

namespace mayfly::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using X509Handle = std::unique_ptr<X509, Free<X509_free>>;
using OcspRequestHandle = std::unique_ptr<OCSP_REQUEST, Free<OCSP_REQUEST_free>>;

Result<X509Handle> ReadCertificate(ByteSpan der) {
  const uint8_t* at = der.data();
  X509Handle handle(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (handle) return handle;
  return Fail(ErrorCode::kInternal, "bench.answer", "OpenSSL does not read the certificate");
}

// The same bytes that `openssl ocsp` sends, as one HTTP request.
std::string HttpQuestion(X509* certificate, X509* issuer, OcspAnswers answers) {
  OcspRequestHandle request(OCSP_REQUEST_new());
  OCSP_request_add0_id(request.get(), OCSP_cert_to_id(nullptr, certificate, issuer));
  if (answers == OcspAnswers::kSigned) OCSP_request_add1_nonce(request.get(), nullptr, 32);
  uint8_t* der = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &der);
  std::string text =
      "POST /ocsp HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/ocsp-request\r\nContent-Length: " +
      std::to_string(size) + "\r\n\r\n";
  text.append(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return text;
}

Result<std::vector<std::string>> MakeQuestions(const OcspOptions& options, const Home& home) {
  SystemClock clock;
  SystemRandom random;
  TRY_ASSIGN(const int port, home.Port("grpc"));
  TRY_ASSIGN(auto client, client::Client::Connect({.server = "localhost:" + std::to_string(port),
                                                   .trust = home.path() / "ca/root.pem",
                                                   .certificate = home.path() / "operator/tls.crt",
                                                   .private_key = home.path() / "operator/tls.key"},
                                                  {clock, random}));
  TRY_ASSIGN(auto name, x509::GeneralName::FromString("DNS:bench.internal"));
  std::vector<std::string> questions;
  for (size_t i = 0; i < options.certificates; ++i) {
    TRY_ASSIGN(auto key, client::PrivateKey::Generate(client::NewKey::kEcP256));
    TRY_ASSIGN(Bytes csr, client::MakeCertificationRequest(key, {name}));
    TRY_ASSIGN(auto issued, client->Issue({.csr_der = csr, .profile = "server"}));
    TRY_ASSIGN(auto leaf, ReadCertificate(AsBytes(issued.certificate().certificate_der())));
    TRY_ASSIGN(auto issuer, ReadCertificate(AsBytes(issued.issuer_chain_der(0))));
    questions.push_back(HttpQuestion(leaf.get(), issuer.get(), options.answers));
  }
  return questions;
}

std::string StatusOf(const std::string& body) {
  const auto* at = reinterpret_cast<const uint8_t*>(body.data());
  OCSP_RESPONSE* response = d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(body.size()));
  const int status = response ? OCSP_response_status(response) : -1;
  OCSP_RESPONSE_free(response);
  return status < 0 ? "unreadable" : OCSP_response_status_str(status);
}

struct Tally {
  Latencies latencies;
  std::map<std::string, size_t> statuses;
  std::string failure;  // what ended this connection's questions early
};

// One connection: asks, waits, asks.
class Asker {
 public:
  Asker(int port, const std::vector<std::string>& questions, size_t first)
      : server_(asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)),
        questions_(questions),
        next_(first) {}

  // `begun` by the intended start of each question.
  Tally Ask(SteadyClock::time_point begin, SteadyClock::time_point end,
            std::optional<Nanoseconds> every) {
    Tally tally;
    SteadyClock::time_point intended = begin;
    while (SteadyClock::now() < end) {
      if (every) {
        std::this_thread::sleep_until(intended);
      } else {
        intended = SteadyClock::now();
      }
      std::string body;
      try {
        body = AskOnce();
      } catch (const boost::system::system_error& problem) {
        tally.failure = problem.what();
        return tally;
      }
      tally.latencies.Add(SteadyClock::now() - intended);
      // Reading each answer would cost more than making it: the first and every 64th.
      if (tally.latencies.count() % 64 == 1) ++tally.statuses[StatusOf(body)];
      if (every) intended += *every;
    }
    return tally;
  }

 private:
  std::string AskOnce() {
    if (!socket_.is_open()) {
      socket_.connect(server_);
      socket_.set_option(tcp::no_delay(true));
    }
    asio::write(socket_, asio::buffer(questions_[next_++ % questions_.size()]));
    http::response<http::string_body> answer;
    http::read(socket_, buffer_, answer);
    if (!answer.keep_alive()) socket_.close();  // the server ends each after a thousand
    return std::move(answer.body());
  }

  asio::io_context io_;
  tcp::endpoint server_;
  tcp::socket socket_{io_};
  boost::beast::flat_buffer buffer_;
  const std::vector<std::string>& questions_;
  size_t next_;
};

Tally AskAll(const OcspOptions& options, int port, const std::vector<std::string>& questions,
             std::chrono::seconds duration) {
  const auto begin = SteadyClock::now(), end = begin + duration;
  std::optional<Nanoseconds> every;
  if (options.load.rate) {
    const double seconds = static_cast<double>(options.connections) / *options.load.rate;
    every = std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
  }
  std::vector<Tally> tallies(options.connections);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < options.connections; ++i) {
    threads.emplace_back([&, i] {
      Asker asker(port, questions, i * questions.size() / options.connections);
      tallies[i] = asker.Ask(begin, end, every);
    });
  }
  for (auto& thread : threads) thread.join();
  Tally all;
  for (const Tally& tally : tallies) {
    all.latencies.Merge(tally.latencies);
    for (const auto& [status, count] : tally.statuses) all.statuses[status] += count;
    if (!tally.failure.empty()) all.failure = tally.failure;
  }
  return all;
}

}  // namespace

Result<Json> BenchOcsp(const OcspOptions& options) {
  const Home home(options.load.home);
  TRY_ASSIGN(const int port, home.Port("http"));
  TRY_ASSIGN(const auto questions, MakeQuestions(options, home));
  AskAll(options, port, questions, options.load.warm_up);
  TRY_ASSIGN(const CpuMeter cpu, CpuMeter::Start(home));
  const Tally all = AskAll(options, port, questions, options.load.duration);
  if (!all.failure.empty()) {
    return Fail(ErrorCode::kShuttingDown, "bench.unreachable", all.failure);
  }
  const size_t count = all.latencies.count();
  const auto seconds = static_cast<double>(options.load.duration.count());
  Json report{{"answers", count},
              {"answers_per_second", static_cast<double>(count) / seconds},
              {"seconds", seconds},
              {"connections", options.connections},
              {"certificates", options.certificates},
              {"signed_for_each", options.answers == OcspAnswers::kSigned},
              {"latency_ms", PercentilesOf(all.latencies)},
              {"cpu_us_per_answer", cpu.PerOperation(count)}};
  if (options.load.rate) report["wanted_per_second"] = *options.load.rate;
  for (const auto& [status, seen] : all.statuses) report["statuses_of_one_in_64"][status] = seen;
  return report;
}

}  // namespace mayfly::bench
