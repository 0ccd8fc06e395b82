#include "http/server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "http/session.h"

namespace mayfly::http {
namespace {

namespace asio = boost::asio;

// When accepting fails for want of file descriptors it is tried again after this long.
constexpr Milliseconds kAcceptPause{50};

Error CannotListen(const HttpAddress& address, const beast::error_code& error) {
  return Fail(ErrorCode::kConfiguration, "http.listen",
              "cannot listen on " + address.host + ":" + std::to_string(address.port) + ": " +
                  error.message());
}

Result<Tcp::endpoint> EndpointOf(const HttpAddress& address) {
  beast::error_code error;
  std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  auto ip = asio::ip::make_address(host, error);
  if (error) {
    return Fail(ErrorCode::kConfiguration, "http.address",
                "\"" + Escape(address.host) + "\" is not an IP address");
  }
  return Tcp::endpoint(ip, address.port);
}

// SO_REUSEADDR lets a restart have its port back from TIME_WAIT; SO_REUSEPORT, which would let two
// servers share one unnoticed, stays off.
Status Listen(Tcp::acceptor& acceptor, const HttpAddress& address) {
  TRY_ASSIGN(Tcp::endpoint endpoint, EndpointOf(address));
  beast::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.protocol() == Tcp::v6()) {
    acceptor.set_option(asio::ip::v6_only(true), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return CannotListen(address, error);
  return Ok();
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpServerParts given) : parts(std::move(given)) {}

  Status Open();
  void Run();
  void Accept(Tcp::acceptor& acceptor);
  void Adopt(Tcp::socket socket);
  void Ended();
  void ForEachSession(void (Session::*action)());
  void CloseAcceptors();
  void Stop(Milliseconds patience);

  HttpServerParts parts;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::list<Tcp::acceptor> acceptors;
  std::vector<uint16_t> ports;
  std::vector<std::thread> threads;

  std::mutex mutex;
  std::condition_variable none_left;
  size_t session_count = 0;
  std::list<std::weak_ptr<Session>> sessions;
  bool stopping = false;
};

Status HttpServer::Impl::Open() {
  for (const HttpAddress& address : parts.addresses) {
    Tcp::acceptor& acceptor = acceptors.emplace_back(asio::make_strand(context));
    TRY(Listen(acceptor, address));
    beast::error_code error;
    ports.push_back(acceptor.local_endpoint(error).port());
  }
  return Ok();
}

void HttpServer::Impl::Run() {
  for (Tcp::acceptor& acceptor : acceptors) Accept(acceptor);
  for (size_t i = 0; i < parts.threads; ++i) {
    threads.emplace_back([this] { context.run(); });
  }
}

void HttpServer::Impl::Accept(Tcp::acceptor& acceptor) {
  acceptor.async_accept(asio::make_strand(context),
                        [this, &acceptor](beast::error_code error, Tcp::socket socket) {
                          if (error == asio::error::operation_aborted) return;
                          if (error) std::this_thread::sleep_for(kAcceptPause);
                          if (!error) Adopt(std::move(socket));
                          if (acceptor.is_open()) Accept(acceptor);
                        });
}

void HttpServer::Impl::Adopt(Tcp::socket socket) {
  {
    std::lock_guard lock(mutex);
    // Returning closes the socket.
    if (stopping || session_count >= parts.limits.connections_max) return;
    ++session_count;
  }
  std::shared_ptr<void> alive(nullptr, [this](void*) { Ended(); });
  auto session = std::make_shared<Session>(
      std::move(socket), SessionParts{parts.handler, parts.clock, parts.limits, std::move(alive)});
  {
    std::lock_guard lock(mutex);
    sessions.remove_if([](const auto& old) { return old.expired(); });
    sessions.push_back(session);
  }
  session->Begin();
}

void HttpServer::Impl::Ended() {
  std::lock_guard lock(mutex);
  if (--session_count == 0) none_left.notify_all();
}

void HttpServer::Impl::ForEachSession(void (Session::*action)()) {
  std::list<std::weak_ptr<Session>> all;
  {
    std::lock_guard lock(mutex);
    all = sessions;
  }
  for (const auto& weak : all) {
    if (std::shared_ptr<Session> session = weak.lock()) (session.get()->*action)();
  }
}

void HttpServer::Impl::CloseAcceptors() {
  for (Tcp::acceptor& acceptor : acceptors) {
    asio::post(acceptor.get_executor(), [&acceptor] {
      beast::error_code ignored;
      acceptor.close(ignored);
    });
  }
}

void HttpServer::Impl::Stop(Milliseconds patience) {
  {
    std::lock_guard lock(mutex);
    if (stopping) return;
    stopping = true;
  }
  if (threads.empty()) return;
  CloseAcceptors();
  ForEachSession(&Session::Drain);
  {
    std::unique_lock lock(mutex);
    none_left.wait_for(lock, patience, [this] { return session_count == 0; });
  }
  ForEachSession(&Session::Cut);
  {
    // A handler that is under way holds its session: its answer needs the context to come back to.
    std::unique_lock lock(mutex);
    none_left.wait(lock, [this] { return session_count == 0; });
  }
  work.reset();
  for (std::thread& thread : threads) thread.join();
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerParts parts) {
  auto impl = std::make_unique<Impl>(std::move(parts));
  TRY(impl->Open());
  impl->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { impl_->Stop(Milliseconds(0)); }

const std::vector<uint16_t>& HttpServer::ports() const { return impl_->ports; }

void HttpServer::Stop(Milliseconds patience) { impl_->Stop(patience); }

}  // namespace mayfly::http
