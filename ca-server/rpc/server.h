// A gRPC server: listeners with TLS for one kind of callers, their limits, health and reflection.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/listen_address.h"
#include "net/tls_files.h"
#include "rpc/callers.h"
#include "rpc/connections.h"

namespace grpc {
class Service;
}

namespace mayfly::rpc {

// What one connection, and one call, may cost. Larger messages are refused by gRPC itself, without
// a rule: with client certificates the limit is large enough that what is too large for a field is
// told by the field's rule.
struct ConnectionLimits {
  int message_bytes_max;
  int metadata_bytes_max;
  int streams_max;  // calls at once
  Milliseconds handshake;
  // The handshake is where a peer's validity is checked: a connection does not outlive it by much.
  Milliseconds age_max;
};
constexpr ConnectionLimits LimitsFor(Callers callers) {
  if (callers == Callers::kWithCertificate) {
    return {2 * 1024 * 1024, 8 * 1024, 128, Milliseconds(10'000), Milliseconds(3'600'000)};
  }
  // Strangers: a token of 8 KiB beside what gRPC itself sends, and nothing for long.
  return {64 * 1024, 12 * 1024, 16, Milliseconds(5'000), Milliseconds(300'000)};
}
// A client may ping no more often than this, or the connection is closed after kPingStrikesMax.
constexpr Milliseconds kClientPingIntervalMin{30'000};
constexpr int kPingStrikesMax = 3;
// A peer that has vanished is found by our own ping.
constexpr Milliseconds kKeepaliveInterval{60'000};
constexpr Milliseconds kKeepaliveTimeout{20'000};
constexpr Milliseconds kConnectionAgeGrace{60'000};
// Renewed certificate files are taken up within this.
constexpr unsigned kCertificateReloadSeconds = 2;

struct RpcListener {
  net::ListenAddress address;
  // With trusted roots where the callers come with certificates. While certificate and key do not
  // match, new handshakes fail, so replace them quickly one after the other.
  net::TlsFiles tls;
};

struct RpcServerParts {
  Callers callers;
  std::vector<RpcListener> listeners;
  std::vector<grpc::Service*> services;  // must outlive the server
  Connections& connections;              // of all listeners together; must outlive the server
  const Clock& clock;                    // must outlive the server
};

class RpcServer {
 public:
  // Listens and serves on return; the standard health service says SERVING for "" and for the CA.
  // Errors: those of net::CheckTlsFiles and net::TcpAcceptor::Open.
  static Result<std::unique_ptr<RpcServer>> Start(const RpcServerParts& parts);
  ~RpcServer();  // as Drain with no time left

  // Where it listens, in the order of the listeners.
  const std::vector<uint16_t>& ports() const { return ports_; }

  // As net::TcpAcceptor::Trouble, of any listener. Any thread.
  Status Trouble() const;

  // Health says NOT_SERVING, no new call is taken, calls in flight go on until `time_left` is over
  // and are cancelled then; returns when the last has ended. Again: nothing.
  void Drain(Milliseconds time_left);

 private:
  struct Impl;
  explicit RpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::vector<uint16_t> ports_;
};

}  // namespace mayfly::rpc
