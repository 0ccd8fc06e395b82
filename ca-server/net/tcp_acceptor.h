// TcpAcceptor: takes TCP connections at one address for as long as it is open, also after the
// process has been out of file descriptors.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>  // Asio of Boost 1.74 forgets it

#include "base/clock.h"
#include "base/result.h"
#include "net/listen_address.h"

namespace mayfly::net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// When accepting fails for want of file descriptors it is tried again after this long.
constexpr Milliseconds kAcceptPause{50};

// Must outlive the context's threads.
class TcpAcceptor {
 public:
  using Adopt = std::function<void(Tcp::socket)>;

  // Listens when it returns; connections wait until Run. Errors: kConfiguration
  // "listener.address" (not an IP address, in use, not allowed).
  static Result<std::unique_ptr<TcpAcceptor>> Open(asio::io_context& context,
                                                   const ListenAddress& address);

  // Each connection is given to `adopt` on a thread of the context; its socket has a strand of its
  // own. Once.
  void Run(Adopt adopt);
  // No more are taken. Any thread.
  void Close();

  uint16_t port() const { return port_; }
  // kOverloaded "listener.accept" where the latest try to take one failed. Any thread.
  Status Trouble() const;

 private:
  explicit TcpAcceptor(asio::io_context& context)
      : context_(context),
        acceptor_(asio::make_strand(context)),
        pause_(acceptor_.get_executor()) {}
  Status Listen(const ListenAddress& address);
  void Accept();
  void AcceptLater();

  asio::io_context& context_;
  Tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Adopt adopt_;
  uint16_t port_ = 0;
  std::atomic<bool> fails_ = false;
};

}  // namespace mayfly::net
