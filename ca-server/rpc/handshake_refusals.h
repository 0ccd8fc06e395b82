// Why handshakes fail. gRPC tells nobody but its log, so that is where this listens; the log names
// OpenSSL's error, which does not say more of a refused certificate than that it was refused, and
// not who it was.
#pragma once

#include <array>
#include <functional>
#include <string_view>

namespace mayfly::rpc {

enum class HandshakeRefusal {
  kNoCertificate,       // the client showed none
  kCertificateRefused,  // of an unknown CA, expired, not yet valid, or not for clients
  kClientRefused,       // the client did not trust this server, and said so
  kNotTls,              // plain HTTP, or a version of TLS before 1.2
  kOther,
};
inline constexpr std::array kHandshakeRefusals = {
    HandshakeRefusal::kNoCertificate, HandshakeRefusal::kCertificateRefused,
    HandshakeRefusal::kClientRefused, HandshakeRefusal::kNotTls, HandshakeRefusal::kOther};
std::string_view HandshakeRefusalName(HandshakeRefusal refusal);

// Both are called on gRPC's threads.
struct GrpcLogSinks {
  std::function<void(HandshakeRefusal, std::string_view message)> refused;
  std::function<void(std::string_view message)> other;  // what else gRPC calls an error
};
// Once in a process, before a server is started; there is one log of gRPC.
void ListenToGrpcLog(GrpcLogSinks sinks);
void IgnoreGrpcLog();  // no sink is called from then on

// Public for its tests: `message` of OpenSSL's, as gRPC logs it.
HandshakeRefusal ReasonOf(std::string_view message);

}  // namespace mayfly::rpc
