#include "http/server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "http/session.h"
#include "http/tls_context.h"
#include "net/client_address.h"
#include "net/tcp_acceptor.h"

namespace mayfly::http {
namespace {

namespace asio = boost::asio;

// Of a connection, until its session has ended.
struct Place {
  explicit Place(std::string of) : address(std::move(of)) {}
  std::string address;
  WaitsSince waits_since = kWaitsNot;
  std::weak_ptr<Session> session;
  bool taken_back = false;  // it is being closed, and counts no more
};
using Places = std::list<Place>;

bool WaitsLonger(const Place& one, const Place& other) {
  return one.waits_since.load() < other.waits_since.load();
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpServerParts given) : parts(std::move(given)) {}

  Status Open();
  void Run();
  void Adopt(Tcp::socket socket);
  std::optional<Places::iterator> TakePlace(const std::string& address);
  std::optional<net::ConnectionRefusal> Refusal(const std::string& address) const;
  Place* LongestWaiting(const std::string* address);
  void Ended(Places::iterator place);
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
  Places places;
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
  const auto address = net::ClientAddressOf(socket);
  if (!address) return;  // returning closes the socket
  const auto taken = TakePlace(*address);
  if (!taken) return net::Reset(std::move(socket));
  const Places::iterator place = *taken;
  std::shared_ptr<WaitsSince> held(&place->waits_since, [this, place](auto*) { Ended(place); });
  auto session = std::make_shared<Session>(
      std::move(socket), SessionParts{parts.handler, parts.clock, parts.limits, std::move(held),
                                      tls ? tls->Current() : nullptr});
  {
    std::lock_guard lock(mutex);
    place->session = session;
  }
  session->Begin();
}

// Where there is none left, the connection that has waited longest for a request gives up its own:
// a client that keeps one for later may find it closed at any time.
std::optional<Places::iterator> HttpServer::Impl::TakePlace(const std::string& address) {
  std::shared_ptr<Session> leaving;  // let go of after the lock, which its end takes
  std::unique_lock lock(mutex);
  if (stopping) return std::nullopt;
  const auto refusal = Refusal(address);
  if (!refusal) return places.emplace(places.end(), address);
  Place* waiting =
      LongestWaiting(*refusal == net::ConnectionRefusal::kAddress ? &address : nullptr);
  std::optional<Places::iterator> taken;
  std::string closed = address;
  if (waiting != nullptr) {
    closed = waiting->address;
    waiting->taken_back = true;
    leaving = waiting->session.lock();
    taken = places.emplace(places.end(), address);
  }
  lock.unlock();
  if (leaving) leaving->Cut();
  if (parts.on_refused) parts.on_refused(*refusal, closed);
  return taken;
}

std::optional<net::ConnectionRefusal> HttpServer::Impl::Refusal(const std::string& address) const {
  size_t open = 0, of_address = 0;
  for (const Place& place : places) {
    if (place.taken_back) continue;
    ++open;
    if (place.address == address) ++of_address;
  }
  if (of_address >= net::AddressShare(parts.limits.connections_max)) {
    return net::ConnectionRefusal::kAddress;
  }
  if (open >= parts.limits.connections_max) return net::ConnectionRefusal::kFull;
  return std::nullopt;
}

// Of one address or, where none is given, of all. Null: none waits.
Place* HttpServer::Impl::LongestWaiting(const std::string* address) {
  Place* longest = nullptr;
  for (Place& place : places) {
    if (place.taken_back || place.waits_since.load() == kWaitsNot) continue;
    if (address != nullptr && place.address != *address) continue;
    if (longest == nullptr || WaitsLonger(place, *longest)) longest = &place;
  }
  return longest;
}

void HttpServer::Impl::Ended(Places::iterator place) {
  std::lock_guard lock(mutex);
  places.erase(place);
  if (places.empty()) none_left.notify_all();
}

void HttpServer::Impl::ForEachSession(void (Session::*action)()) {
  std::list<std::weak_ptr<Session>> all;
  {
    std::lock_guard lock(mutex);
    for (const Place& place : places) all.push_back(place.session);
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
    none_left.wait_for(lock, patience, [this] { return places.empty(); });
  }
  ForEachSession(&Session::Cut);
  {
    // A handler that is under way holds its session: its answer needs the context to come back to.
    std::unique_lock lock(mutex);
    none_left.wait(lock, [this] { return places.empty(); });
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
