#include "clients/cpp/tls_peer.h"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "clients/cpp/client.h"
#include "x509/general_name.h"

namespace mayfly::client {
namespace {

constexpr std::string_view kScheme = "https://";

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* tls) const { SSL_free(tls); }
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

struct Socket {
  explicit Socket(int descriptor) : fd(descriptor) {}
  Socket(Socket&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd >= 0) close(fd);
  }
  int fd;
};

struct Deadline {
  const Clock& clock;
  BootTime end;

  int MillisecondsLeft() const {
    const auto left = std::chrono::duration_cast<Milliseconds>(end - clock.BootNow());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
  }
  // False when the time is over.
  bool WaitFor(int fd, short events) const {
    pollfd waited{fd, events, 0};
    int ready = 0;
    do {
      ready = poll(&waited, 1, MillisecondsLeft());
    } while (ready < 0 && errno == EINTR && MillisecondsLeft() > 0);
    return ready > 0;
  }
};

std::string Shown(const HttpsTarget& target) { return Escape(target.host) + ":" + target.port; }

Error TooLate(const HttpsTarget& target) {
  return Fail(ErrorCode::kDeadlineExceeded, "tls.deadline",
              Shown(target) + " did not answer in time");
}

Error Unreachable(const HttpsTarget& target, int error) {
  return Fail(ErrorCode::kShuttingDown, "tls.connect",
              "cannot connect to " + Shown(target) + ": " + std::strerror(error));
}

Result<Socket> ConnectTo(const addrinfo& address, const HttpsTarget& target,
                         const Deadline& deadline) {
  Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd < 0) return Unreachable(target, errno);
  if (connect(socket.fd, address.ai_addr, address.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return Unreachable(target, errno);
  if (!deadline.WaitFor(socket.fd, POLLOUT)) return TooLate(target);
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Unreachable(target, error);
  return socket;
}

// The first of the host's addresses that takes the connection.
Result<Socket> Connect(const HttpsTarget& target, const Deadline& deadline) {
  const addrinfo wanted{.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  const int status = getaddrinfo(target.host.c_str(), target.port.c_str(), &wanted, &found);
  if (status != 0) {
    return Fail(ErrorCode::kShuttingDown, "tls.resolve",
                "cannot find the host " + Escape(target.host) + ": " + gai_strerror(status));
  }
  const Owned<addrinfo> addresses(found);
  Error last = Unreachable(target, EADDRNOTAVAIL);
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    auto socket = ConnectTo(*each, target, deadline);
    if (socket) return socket;
    last = socket.error();
  }
  return last;
}

std::vector<Bytes> ShownBy(const SSL* tls) {
  std::vector<Bytes> chain;
  const STACK_OF(X509)* certificates = SSL_get_peer_cert_chain(tls);
  for (int i = 0; certificates != nullptr && i < sk_X509_num(certificates); ++i) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(sk_X509_value(certificates, i), &der);
    if (size > 0) chain.emplace_back(der, der + size);
    OPENSSL_free(der);
  }
  return chain;
}

// Ok also when the handshake failed: what counts is what the server has shown by then.
Status Handshake(SSL* tls, int fd, const HttpsTarget& target, const Deadline& deadline) {
  for (;;) {
    const int result = SSL_connect(tls);
    const int wanted = result == 1 ? SSL_ERROR_NONE : SSL_get_error(tls, result);
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) return Ok();
    if (!deadline.WaitFor(fd, wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) {
      return TooLate(target);
    }
  }
}

}  // namespace

Result<HttpsTarget> ParseHttps(std::string_view url) {
  const Error wrong = Fail(ErrorCode::kInvalidArgument, "cli.url",
                           "\"" + Escape(url) + "\" is not https://HOST or https://HOST:PORT");
  if (!url.starts_with(kScheme)) return wrong;
  std::string_view authority = url.substr(kScheme.size());
  authority = authority.substr(0, authority.find_first_of("/?#"));
  // The client's own port stands for "none given".
  auto server = NormalizeServer(authority);
  if (!server) return wrong;
  const size_t colon = server->rfind(':');
  const bool has_port = server->size() == authority.size();
  HttpsTarget target{server->substr(0, colon),
                     has_port ? server->substr(colon + 1) : std::to_string(kHttpsPort), false};
  if (target.host.starts_with('[')) target.host = target.host.substr(1, target.host.size() - 2);
  target.is_address = bool(x509::GeneralName::Ip(target.host));
  return target;
}

Result<std::vector<Bytes>> FetchPeerCertificates(const HttpsTarget& target, Milliseconds allowed,
                                                 const Clock& clock) {
  const Deadline deadline{clock, clock.BootNow() + allowed};
  TRY_ASSIGN(const Socket socket, Connect(target, deadline));
  const Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  const Owned<SSL> tls(context ? SSL_new(context.get()) : nullptr);
  if (!tls || SSL_set_fd(tls.get(), socket.fd) != 1) {
    return Fail(ErrorCode::kInternal, "tls.context", "OpenSSL cannot make a TLS connection");
  }
  SSL_set_verify(tls.get(), SSL_VERIFY_NONE, nullptr);  // looking is not believing
  if (!target.is_address) SSL_set_tlsext_host_name(tls.get(), target.host.c_str());
  TRY(Handshake(tls.get(), socket.fd, target, deadline));
  ERR_clear_error();
  auto chain = ShownBy(tls.get());
  if (!chain.empty()) return chain;
  return Fail(ErrorCode::kShuttingDown, "tls.handshake",
              Shown(target) + " answers, but showed no certificate: perhaps it does not speak TLS");
}

}  // namespace mayfly::client
