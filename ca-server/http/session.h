// One connection. For server.cc only: this header shows the HTTP library.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <utility>  // Asio of Boost 1.74 forgets it
#include <variant>

#include "http/server.h"

namespace mayfly::http {

namespace beast = boost::beast;
using Tcp = boost::asio::ip::tcp;

// Since when a connection has waited for a whole request header, so that half a one holds no place;
// kWaitsNot while it does something else.
using WaitsSince = std::atomic<BootTime>;
constexpr BootTime kWaitsNot = BootTime::max();

struct SessionParts {
  HttpHandler& handler;
  const Clock& clock;
  const HttpLimits& limits;
  std::shared_ptr<WaitsSince> place;               // while it is held, the io_context lives
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: plain HTTP
};

// Everything runs on the socket's strand, but for the handler.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket, SessionParts parts);
  void Begin();
  // From any thread. Drain: answers what is under way, then closes. Cut: closes.
  void Drain();
  void Cut();

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;
  using TlsStream = boost::asio::ssl::stream<beast::tcp_stream>;
  using Stream = std::variant<beast::tcp_stream, TlsStream>;
  using Response = beast::http::response<beast::http::string_body>;
  enum class State : uint8_t { kAwaitingHeader, kReadingBody, kHandling, kWriting, kClosed };

  static Stream StreamOver(Tcp::socket socket, const SessionParts& parts);
  void Handshake(TlsStream& stream);
  void ReadHeader();
  void OnHeader(beast::error_code error, size_t header_bytes);
  void ReadBody();
  void OnBody(beast::error_code error);
  void Dispatch();
  void Refuse(beast::error_code error);
  void Write(HttpResponse response, bool keep_alive, bool head);
  void OnWritten(beast::error_code error);
  void EndTls(TlsStream& stream);
  void Linger();
  void OnLingered(beast::error_code error);
  void Close();

  SessionParts parts_;  // goes last: without it the stream's io_context may be gone
  Stream stream_;
  beast::tcp_stream& tcp_;  // below it
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Response> response_;
  State state_ = State::kAwaitingHeader;
  size_t requests_ = 0;
  unsigned version_ = 11;
  bool draining_ = false;
};

}  // namespace mayfly::http
