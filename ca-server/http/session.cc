#include "http/session.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace mayfly::http {
namespace {

namespace asio = boost::asio;

HttpRequest ToRequest(beast::http::request<beast::http::string_body> message) {
  auto text = [](beast::string_view view) { return std::string(view.data(), view.size()); };
  HttpRequest request;
  request.method = text(message.method_string());
  request.target = text(message.target());
  request.content_type = text(message[beast::http::field::content_type]);
  request.body = ToBytes(AsBytes(message.body()));
  return request;
}

// Answers to what could not be read; the connection ends after them.
HttpResponse ResponseTo(beast::error_code error) {
  if (error == beast::http::error::header_limit) return PlainText(431, "the header is too large");
  if (error == beast::http::error::body_limit) return PlainText(413, "the body is too large");
  return PlainText(400, "not a request that this server understands");
}

bool IsHttpError(const beast::error_code& error) {
  return error.category() ==
         beast::http::make_error_code(beast::http::error::bad_method).category();
}

}  // namespace

Session::Session(Tcp::socket socket, SessionParts parts)
    : parts_(std::move(parts)),
      stream_(StreamOver(std::move(socket), parts_)),
      tcp_(std::visit(
          [](auto& stream) -> beast::tcp_stream& { return beast::get_lowest_layer(stream); },
          stream_)),
      buffer_(kHeaderBytesMax + kBodyBytesMax) {}

Session::Stream Session::StreamOver(Tcp::socket socket, const SessionParts& parts) {
  if (!parts.tls) return Stream(std::in_place_type<beast::tcp_stream>, std::move(socket));
  return Stream(std::in_place_type<TlsStream>, beast::tcp_stream(std::move(socket)), *parts.tls);
}

void Session::Begin() {
  asio::dispatch(tcp_.get_executor(), [self = shared_from_this()] {
    auto* tls = std::get_if<TlsStream>(&self->stream_);
    if (tls != nullptr) return self->Handshake(*tls);
    self->ReadHeader();
  });
}

void Session::Handshake(TlsStream& stream) {
  tcp_.expires_after(parts_.limits.handshake_timeout);
  stream.async_handshake(asio::ssl::stream_base::server,
                         [self = shared_from_this()](beast::error_code error) {
                           if (error) return self->Close();
                           self->ReadHeader();
                         });
}

void Session::Drain() {
  asio::post(tcp_.get_executor(), [self = shared_from_this()] {
    self->draining_ = true;
    if (self->state_ == State::kAwaitingHeader && self->buffer_.size() == 0) self->Close();
  });
}

void Session::Cut() {
  asio::post(tcp_.get_executor(), [self = shared_from_this()] { self->Close(); });
}

void Session::ReadHeader() {
  state_ = State::kAwaitingHeader;
  *parts_.place = parts_.clock.BootNow();
  parser_.emplace();
  parser_->header_limit(kHeaderBytesMax);
  parser_->body_limit(kBodyBytesMax);
  tcp_.expires_after(parts_.limits.idle_timeout);
  auto read = [self = shared_from_this()](beast::error_code error, size_t header_bytes) {
    self->OnHeader(error, header_bytes);
  };
  std::visit(
      [&](auto& stream) {
        beast::http::async_read_header(stream, buffer_, *parser_, std::move(read));
      },
      stream_);
}

// The parser counts from where it last stopped, so its own limit bounds what it buffers; the exact
// one is kept here.
void Session::OnHeader(beast::error_code error, size_t header_bytes) {
  *parts_.place = kWaitsNot;
  if (!error && header_bytes > kHeaderBytesMax) error = beast::http::error::header_limit;
  if (error) return Refuse(error);
  ReadBody();
}

void Session::ReadBody() {
  state_ = State::kReadingBody;
  tcp_.expires_after(parts_.limits.body_timeout);
  auto read = [self = shared_from_this()](beast::error_code error, size_t) { self->OnBody(error); };
  std::visit(
      [&](auto& stream) { beast::http::async_read(stream, buffer_, *parser_, std::move(read)); },
      stream_);
}

void Session::OnBody(beast::error_code error) {
  if (error) return Refuse(error);
  Dispatch();
}

void Session::Dispatch() {
  state_ = State::kHandling;
  tcp_.expires_never();  // the handler has a deadline of its own
  ++requests_;
  auto message = parser_->release();
  version_ = message.version();
  bool keep_alive = message.keep_alive() && requests_ < parts_.limits.requests_per_connection_max;
  HttpRequest request = ToRequest(std::move(message));
  bool head = request.method == "HEAD";
  // The place is let go after post() has returned: nothing else keeps the io_context until then,
  // since the posted part may end the session at once.
  Spawn(parts_.handler.Handle(std::move(request)),
        [self = shared_from_this(), place = parts_.place, keep_alive,
         head](HttpResponse response) mutable {
          auto executor = self->tcp_.get_executor();
          asio::post(executor, [self = std::move(self), keep_alive, head,
                                response = std::move(response)]() mutable {
            self->Write(std::move(response), keep_alive, head);
          });
        });
}

void Session::Refuse(beast::error_code error) {
  if (!IsHttpError(error) || error == beast::http::error::end_of_stream ||
      error == beast::http::error::partial_message) {
    return Close();  // gone, cut or too slow: nobody to tell
  }
  Write(ResponseTo(error), false, false);
}

void Session::Write(HttpResponse response, bool keep_alive, bool head) {
  if (state_ == State::kClosed) return;
  state_ = State::kWriting;
  Response& message = response_.emplace();
  message.version(version_);
  message.result(response.status);
  message.set(beast::http::field::date, HttpDate(parts_.clock.Now()));
  message.set(beast::http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.content_length(response.body.size());
  if (!head) message.body() = ToString(response.body);
  message.keep_alive(keep_alive && !draining_);
  tcp_.expires_after(parts_.limits.write_timeout);
  auto written = [self = shared_from_this()](beast::error_code error, size_t) {
    self->OnWritten(error);
  };
  std::visit([&](auto& stream) { beast::http::async_write(stream, message, std::move(written)); },
             stream_);
}

void Session::OnWritten(beast::error_code error) {
  if (error) return Close();
  if (response_->keep_alive()) return ReadHeader();
  // Closing with unread input would send a reset, which may overtake the answer: say that we are
  // done and let the client close first, for as long as it may be idle.
  tcp_.expires_after(parts_.limits.write_timeout);
  if (auto* tls = std::get_if<TlsStream>(&stream_)) return EndTls(*tls);
  beast::error_code ignored;
  tcp_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
  Linger();
}

// Says that this is the end, and waits for the client to say so too.
void Session::EndTls(TlsStream& stream) {
  stream.async_shutdown([self = shared_from_this()](beast::error_code) { self->Close(); });
}

void Session::Linger() {
  if (state_ == State::kClosed || draining_) return Close();
  buffer_.clear();
  tcp_.async_read_some(
      buffer_.prepare(4096),
      [self = shared_from_this()](beast::error_code error, size_t) { self->OnLingered(error); });
}

void Session::OnLingered(beast::error_code error) {
  if (error) return Close();
  Linger();
}

void Session::Close() {
  state_ = State::kClosed;
  tcp_.close();
}

}  // namespace mayfly::http
