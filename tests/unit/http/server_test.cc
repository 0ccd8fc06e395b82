#include "http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "base/executor.h"
#include "tests/fakes/eventually.h"
#include "tests/fakes/responder_parts.h"

namespace mayfly::http {
namespace {

// A client that writes what it is told, octet for octet.
class RawClient {
 public:
  explicit RawClient(uint16_t port, const char* from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &own.sin_addr);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof own);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  bool connected() const { return connected_; }
  void Send(std::string_view text) {
    size_t done = 0;
    while (done < text.size()) {
      ssize_t sent = ::send(socket_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return;
      done += static_cast<size_t>(sent);
    }
  }
  // Until the server closes, or `marker` has come `times` times.
  std::string Receive(std::string_view marker = "", int times = 1) {
    std::string all;
    char buffer[4096];
    while (true) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, 10'000) <= 0) return all + "<nothing for 10 s>";
      ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got <= 0) return all;
      all.append(buffer, static_cast<size_t>(got));
      if (!marker.empty() && Count(all, marker) >= times) return all;
    }
  }
  static int Count(std::string_view text, std::string_view marker) {
    int count = 0;
    for (size_t at = 0; (at = text.find(marker, at)) != text.npos; at += marker.size()) ++count;
    return count;
  }

 private:
  int socket_;
  bool connected_;
};

// Says what it was asked: "METHOD target|content type|body$". "/slow", once, waits for LetGo().
class EchoHandler final : public HttpHandler {
 public:
  Task<HttpResponse> Handle(HttpRequest request) override {
    ++handled;
    if (request.target == "/slow") {
      Task<bool> waiting = gate_.Wait();
      [[maybe_unused]] bool open = co_await waiting;
    }
    std::string text = request.method + " " + request.target + "|" + request.content_type + "|" +
                       ToString(request.body) + "$";
    co_return HttpResponse{200, "text/plain", {{"X-Test", "yes"}}, ToBytes(AsBytes(text))};
  }
  void LetGo() { gate_.Open(); }
  std::atomic<int> handled = 0;

 private:
  // Goes on from a thread that is not the server's.
  struct Gate {
    Gate() : pool(1), opened(pool) {}
    Task<bool> Wait() {
      bool open = co_await opened.Wait();
      co_return open;
    }
    void Open() { opened.Set(true); }
    ThreadPool pool;
    Completion<bool> opened;
  };
  Gate gate_;
};

// Stands still until told, and knows how often a connection began to wait.
class WaitCountingClock final : public Clock {
 public:
  TimePoint Now() const override { return clock_.Now(); }
  BootTime BootNow() const override {
    ++waits_;
    return clock_.BootNow();
  }
  void Advance(Milliseconds by) { clock_.Advance(by); }
  int waits() const { return waits_; }

 private:
  fakes::ManualClock clock_{TimePoint(Seconds(784111777))};
  mutable std::atomic<int> waits_ = 0;
};

struct ServerTest : testing::Test {
  void Start(HttpLimits limits = {}) {
    HttpServerParts parts{{{"127.0.0.1", 0}}, 2, handler, clock, limits};
    parts.on_refused = [this](net::ConnectionRefusal refusal, const std::string& address) {
      std::lock_guard lock(mutex);
      refused.emplace_back(refusal, address);
    };
    server = HttpServer::Start(std::move(parts)).value();
    port = server->ports().at(0);
  }
  void StartWithConnections(size_t max) {
    HttpLimits limits;
    limits.connections_max = max;
    Start(limits);
  }
  std::string Exchange(std::string_view text) {
    RawClient client(port);
    client.Send(text);
    return client.Receive();
  }
  // One that waits for its first request, and later ones wait for less long.
  std::unique_ptr<RawClient> Waiting(const char* from) {
    const int before = clock.waits();
    auto client = std::make_unique<RawClient>(port, from);
    EXPECT_TRUE(fakes::Eventually([&] { return clock.waits() > before; }));
    clock.Advance(Milliseconds(1));
    return client;
  }
  // One whose request is under way until the handler lets go.
  std::unique_ptr<RawClient> Busy(const char* from) {
    const int before = handler.handled;
    auto client = std::make_unique<RawClient>(port, from);
    client->Send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(fakes::Eventually([&] { return handler.handled > before; }));
    return client;
  }
  static bool IsAnswered(RawClient& client) {
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    return client.Receive("$").find(" 200 ") != std::string::npos;
  }
  using Refused = std::vector<std::pair<net::ConnectionRefusal, std::string>>;
  Refused WhoWasRefused() {
    std::lock_guard lock(mutex);
    return refused;
  }

  WaitCountingClock clock;
  EchoHandler handler;
  std::mutex mutex;
  Refused refused;
  std::unique_ptr<HttpServer> server;
  uint16_t port = 0;
};

constexpr std::string_view kClose = "Connection: close\r\n\r\n";

bool Has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST_F(ServerTest, AnswersGet) {
  Start();
  std::string answer = Exchange("GET //a%2F/b+= HTTP/1.1\r\nHost: h\r\n" + std::string(kClose));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nGET //a%2F/b+=||$")) << answer;
  EXPECT_TRUE(Has(answer, "X-Test: yes\r\n")) << answer;
  EXPECT_TRUE(Has(answer, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")) << answer;
  EXPECT_TRUE(Has(answer, "Content-Length: 17\r\n")) << answer;
}

TEST_F(ServerTest, Http10PostClosesAndKeepAliveKeeps) {
  Start();
  std::string post = "POST /p HTTP/1.0\r\nContent-Type: a/b\r\nContent-Length: 3\r\n";
  EXPECT_TRUE(Exchange(post + "\r\nxyz").ends_with("POST /p|a/b|xyz$"));
  RawClient client(port);
  client.Send(post + "Connection: keep-alive\r\n\r\nxyz");
  EXPECT_TRUE(Has(client.Receive("$"), "Connection: keep-alive"));
  client.Send(post + "\r\nabc");
  EXPECT_TRUE(client.Receive().ends_with("POST /p|a/b|abc$"));
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Start();
  RawClient client(port);
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\n"
      "Content-Length: 2\r\n\r\nxyGET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  std::string all = client.Receive("$", 3);
  size_t one = all.find("GET /1||$"), two = all.find("POST /2||xy$"), three = all.find("GET /3||$");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, all.npos);
}

TEST_F(ServerTest, ChunkedBodies) {
  Start();
  std::string answer = Exchange("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" +
                                std::string(kClose) + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("POST /||abc$")) << answer;
}

TEST_F(ServerTest, RefusesWhatCouldSmuggle) {
  Start();
  for (const char* bad : {
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
           "0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
           "0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: zz\r\n\r\n",
           "GET / HTTP/1.1\nHost: h\n\n",
           "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: h\r\nA\x01B: c\r\n\r\n",
           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
           "GET / HTTP/3.7\r\n\r\n",
           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n",
       }) {
    std::string answer = Exchange(bad);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << bad << answer;
    EXPECT_TRUE(Has(answer, "Connection: close")) << answer;
  }
  EXPECT_EQ(handler.handled, 0);
}

TEST_F(ServerTest, HeadHasNoBody) {
  Start();
  std::string answer = Exchange("HEAD / HTTP/1.1\r\nHost: h\r\n" + std::string(kClose));
  EXPECT_TRUE(Has(answer, "Content-Length: 9\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(ServerTest, BodyLimit) {
  Start();
  auto post = [&](size_t size) {
    return Exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) +
                    "\r\n" + std::string(kClose) + std::string(size, 'x'));
  };
  EXPECT_TRUE(post(kBodyBytesMax).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(post(kBodyBytesMax + 1).starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(post(1 << 20).starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, HeaderLimit) {
  Start();
  std::string line = "GET /" + std::string(kHeaderBytesMax, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_TRUE(Exchange(line).starts_with("HTTP/1.1 431 "));
  auto get = [&](size_t size) {
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\nA: ";
    return Exchange(head + std::string(size - head.size() - 2 - kClose.size(), 'x') + "\r\n" +
                    std::string(kClose));
  };
  EXPECT_TRUE(get(kHeaderBytesMax).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(get(kHeaderBytesMax + 1).starts_with("HTTP/1.1 431 "));
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 10'000; ++i) many += "A: b\r\n";
  EXPECT_TRUE(Exchange(many + "\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(ServerTest, SlowHeadersAndBodiesAreCut) {
  HttpLimits limits;
  limits.idle_timeout = limits.body_timeout = Milliseconds(200);
  Start(limits);
  EXPECT_EQ(Exchange(""), "");
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\nHo"), "");
  EXPECT_EQ(Exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc"), "");
  EXPECT_EQ(handler.handled, 0);
}

TEST_F(ServerTest, RequestsPerConnectionAreLimited) {
  HttpLimits limits;
  limits.requests_per_connection_max = 2;
  Start(limits);
  std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  std::string all = Exchange(get + get + get);
  EXPECT_EQ(RawClient::Count(all, "$"), 2);
  EXPECT_EQ(RawClient::Count(all, "Connection: close"), 1);
}

TEST_F(ServerTest, ConnectionsAreLimited) {
  StartWithConnections(1);
  auto first = Busy("127.0.0.1");
  RawClient second(port, "127.0.0.2");
  EXPECT_FALSE(IsAnswered(second));
  EXPECT_EQ(WhoWasRefused(), Refused({{net::ConnectionRefusal::kFull, "127.0.0.2"}}));
  handler.LetGo();
  EXPECT_TRUE(Has(first->Receive("$"), " 200 "));
  first.reset();
  EXPECT_TRUE(fakes::Eventually([&] {
    return Has(Exchange("GET / HTTP/1.1\r\nHost: h\r\n" + std::string(kClose)), " 200 ");
  }));
}

TEST_F(ServerTest, OneAddressHasAQuarterOfTheConnections) {
  StartWithConnections(7);
  const auto first = Busy("127.0.0.1");
  RawClient second(port), another(port, "127.0.0.2");
  EXPECT_FALSE(IsAnswered(second));
  EXPECT_TRUE(IsAnswered(another));
  EXPECT_EQ(WhoWasRefused(), Refused({{net::ConnectionRefusal::kAddress, "127.0.0.1"}}));
  handler.LetGo();
  EXPECT_TRUE(Has(first->Receive("$"), " 200 "));
}

TEST_F(ServerTest, TheConnectionOfAnAddressThatWaitedLongestMakesPlace) {
  StartWithConnections(12);
  const auto anothers = Waiting("127.0.0.2");
  const auto busy = Busy("127.0.0.1");
  const auto older = Waiting("127.0.0.1");
  older->Send("GET / HTTP/1.1\r\nHo");
  const auto newer = Waiting("127.0.0.1");
  RawClient newest(port);
  EXPECT_TRUE(IsAnswered(newest));
  EXPECT_EQ(older->Receive(), "") << "half a header holds no place";
  EXPECT_TRUE(IsAnswered(*newer));
  EXPECT_TRUE(IsAnswered(*anothers));
  EXPECT_EQ(WhoWasRefused(), Refused({{net::ConnectionRefusal::kAddress, "127.0.0.1"}}));
  handler.LetGo();
  EXPECT_TRUE(Has(busy->Receive("$"), " 200 "));
}

TEST_F(ServerTest, TheConnectionThatWaitedLongestMakesPlaceWhereAllAreTaken) {
  StartWithConnections(3);
  const auto busy = Busy("127.0.0.1");
  const auto older = Waiting("127.0.0.2"), newer = Waiting("127.0.0.3");
  RawClient newest(port, "127.0.0.4");
  EXPECT_TRUE(IsAnswered(newest));
  EXPECT_EQ(older->Receive(), "");
  EXPECT_TRUE(IsAnswered(*newer));
  EXPECT_EQ(WhoWasRefused(), Refused({{net::ConnectionRefusal::kFull, "127.0.0.2"}}));
  handler.LetGo();
  EXPECT_TRUE(Has(busy->Receive("$"), " 200 "));
}

TEST_F(ServerTest, AddressInUseIsAnError) {
  Start();
  auto second = HttpServer::Start({{{"127.0.0.1", port}}, 1, handler, clock, {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().rule, "listener.address");
  auto named = HttpServer::Start({{{"not an address", 0}}, 1, handler, clock, {}});
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().rule, "listener.address");
}

TEST_F(ServerTest, StopFinishesWhatIsUnderWay) {
  Start();
  RawClient idle(port), busy(port);
  idle.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.Receive("$");
  busy.Send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(fakes::Eventually([&] { return handler.handled == 2; }));
  std::thread stopping([&] { server->Stop(Milliseconds(10'000)); });
  EXPECT_EQ(idle.Receive(), "");
  EXPECT_TRUE(fakes::Eventually([&] { return !RawClient(port).connected(); }));
  handler.LetGo();
  std::string answer = busy.Receive();
  EXPECT_TRUE(answer.ends_with("GET /slow||$")) << answer;
  EXPECT_TRUE(Has(answer, "Connection: close")) << answer;
  stopping.join();
}

TEST_F(ServerTest, StopCutsAfterItsPatience) {
  Start();
  RawClient slow(port);
  slow.Send("GET / HTTP/1.1\r\nHo");
  RawClient served(port);
  served.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  served.Receive("$");
  auto begun = std::chrono::steady_clock::now();
  server->Stop(Milliseconds(100));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, Seconds(5));
  EXPECT_EQ(slow.Receive(), "");
}

}  // namespace
}  // namespace mayfly::http
