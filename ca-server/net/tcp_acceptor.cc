#include "net/tcp_acceptor.h"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include "base/bytes.h"

namespace mayfly::net {
namespace {

using ErrorCodeOfAsio = boost::system::error_code;

// "127.0.0.1:7443", "[::1]:7443"
std::string TextOf(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Error CannotListen(const ListenAddress& address, const std::string& why) {
  const std::string text = TextOf(address);
  Error error = Fail(ErrorCode::kConfiguration, "listener.address",
                     "cannot listen on " + Escape(text) + ": " + why);
  error.violations.push_back({error.rule, text, why});
  return error;
}

}  // namespace

Result<std::unique_ptr<TcpAcceptor>> TcpAcceptor::Open(asio::io_context& context,
                                                       const ListenAddress& address) {
  std::unique_ptr<TcpAcceptor> acceptor(new TcpAcceptor(context));
  TRY(acceptor->Listen(address));
  return acceptor;
}

// SO_REUSEADDR lets a restart have its port back from TIME_WAIT; SO_REUSEPORT, which would let two
// servers share one unnoticed, stays off.
Status TcpAcceptor::Listen(const ListenAddress& address) {
  ErrorCodeOfAsio error;
  const auto ip =
      asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
  if (error) return CannotListen(address, "it is not an IP address");
  const Tcp::endpoint endpoint(ip, address.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && ip.is_v6()) {
    acceptor_.set_option(asio::ip::v6_only(!ip.is_unspecified()), error);
  }
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (error) return CannotListen(address, error.message());
  return Ok();
}

void TcpAcceptor::Run(Adopt adopt) {
  adopt_ = std::move(adopt);
  asio::post(acceptor_.get_executor(), [this] { Accept(); });
}

void TcpAcceptor::Accept() {
  acceptor_.async_accept(asio::make_strand(context_),
                         [this](ErrorCodeOfAsio error, Tcp::socket socket) {
                           if (!acceptor_.is_open()) return;
                           fails_ = static_cast<bool>(error);
                           if (error) return AcceptLater();
                           adopt_(std::move(socket));
                           Accept();
                         });
}

void TcpAcceptor::AcceptLater() {
  pause_.expires_after(kAcceptPause);
  pause_.async_wait([this](ErrorCodeOfAsio) {
    if (acceptor_.is_open()) Accept();
  });
}

void TcpAcceptor::Close() {
  asio::post(acceptor_.get_executor(), [this] {
    ErrorCodeOfAsio ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  });
}

Status TcpAcceptor::Trouble() const {
  if (!fails_) return Ok();
  return Fail(ErrorCode::kOverloaded, "listener.accept",
              "connections cannot be taken; is the process out of file descriptors?");
}

}  // namespace mayfly::net
