// HttpServer: HTTP/1.0 and 1.1, on plain TCP or over TLS, with limits. The library that speaks HTTP
// stays in server.cc, session.cc and tls_context.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "net/connection_refusal.h"
#include "net/listen_address.h"
#include "net/tls_files.h"

namespace mayfly::http {

// Of the request line and all fields together. An escaped OCSP request in a GET needs
// ocsp::kGetPathBytesMax of it.
constexpr size_t kHeaderBytesMax = 20 * 1024;
constexpr size_t kBodyBytesMax = 8 * 1024;
constexpr size_t kConnectionsMax = 1024;
constexpr size_t kRequestsPerConnectionMax = 1000;
constexpr Milliseconds kIdleTimeout{15'000};  // from the last answer to a whole header
constexpr Milliseconds kBodyTimeout{5'000};   // from the header to the whole body
constexpr Milliseconds kWriteTimeout{5'000};
constexpr Milliseconds kHandshakeTimeout{5'000};

struct HttpLimits {
  // Of which one address may have net::AddressShare. For one more, the one that has waited longest
  // for a request goes; where none waits, the new one is reset.
  size_t connections_max = kConnectionsMax;
  size_t requests_per_connection_max = kRequestsPerConnectionMax;
  Milliseconds idle_timeout = kIdleTimeout;
  Milliseconds body_timeout = kBodyTimeout;
  Milliseconds write_timeout = kWriteTimeout;
  Milliseconds handshake_timeout = kHandshakeTimeout;
};

struct HttpServerParts {
  std::vector<net::ListenAddress> addresses;
  size_t threads = 2;
  HttpHandler& handler;
  const Clock& clock;  // must outlive the server
  HttpLimits limits = {};
  std::optional<net::TlsFiles> tls = std::nullopt;  // nothing: plain HTTP
  net::OnConnectionRefused on_refused{};            // also where another one went in its place
};

class HttpServer {
 public:
  // Listens when it returns. Errors: as net::TcpAcceptor::Open and net::CheckTlsFiles.
  static Result<std::unique_ptr<HttpServer>> Start(HttpServerParts parts);
  ~HttpServer();  // Stop(0)

  // The ports in the order of the addresses.
  const std::vector<uint16_t>& ports() const;

  // No new connections or requests; those under way are answered. Connections that are still open
  // after `patience` are cut; handlers are always waited for. Blocks; once.
  void Stop(Milliseconds patience);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly::http
