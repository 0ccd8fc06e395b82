#include "http/server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "http/session.h"
#include "http/tls_context.h"
#include "net/tcp_acceptor.h"

namespace mayfly::http {
namespace {

namespace asio = boost::asio;

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpServerParts given) : parts(std::move(given)) {}

  Status Open();
  void Run();
  void Adopt(Tcp::socket socket);
  void Ended();
  void ForEachSession(void (Session::*action)());
  void Stop(Milliseconds patience);

  HttpServerParts parts;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::vector<std::unique_ptr<net::TcpAcceptor>> acceptors;
  std::vector<uint16_t> ports;
  std::unique_ptr<TlsContext> tls;  // null: plain HTTP
  std::vector<std::thread> threads;

  std::mutex mutex;
  std::condition_variable none_left;
  size_t session_count = 0;
  std::list<std::weak_ptr<Session>> sessions;
  bool stopping = false;
};

Status HttpServer::Impl::Open() {
  if (parts.tls) {
    TRY_ASSIGN(tls, TlsContext::Load(*parts.tls, parts.clock));
  }
  for (const net::ListenAddress& address : parts.addresses) {
    TRY_ASSIGN(auto acceptor, net::TcpAcceptor::Open(context, address));
    ports.push_back(acceptor->port());
    acceptors.push_back(std::move(acceptor));
  }
  return Ok();
}

void HttpServer::Impl::Run() {
  for (auto& acceptor : acceptors) {
    acceptor->Run([this](Tcp::socket socket) { Adopt(std::move(socket)); });
  }
  for (size_t i = 0; i < parts.threads; ++i) {
    threads.emplace_back([this] { context.run(); });
  }
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
      std::move(socket), SessionParts{parts.handler, parts.clock, parts.limits, std::move(alive),
                                      tls ? tls->Current() : nullptr});
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

void HttpServer::Impl::Stop(Milliseconds patience) {
  {
    std::lock_guard lock(mutex);
    if (stopping) return;
    stopping = true;
  }
  if (threads.empty()) return;
  for (auto& acceptor : acceptors) acceptor->Close();
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
