#include "rpc/handshake_refusals.h"

#include <grpc/support/log.h>

#include <utility>

namespace mayfly::rpc {
namespace {

constexpr std::string_view kHandshakeFailed = "Handshake failed";

GrpcLogSinks& Sinks() {
  static GrpcLogSinks sinks;  // gRPC's log is a C function without context
  return sinks;
}

bool Says(std::string_view message, std::string_view words) {
  return message.find(words) != std::string_view::npos;
}

void OnNothing(gpr_log_func_args*) {}

void OnGrpcLog(gpr_log_func_args* line) {
  if (line->severity != GPR_LOG_SEVERITY_ERROR) return;
  const std::string_view message = line->message;
  if (message.starts_with(kHandshakeFailed)) {
    Sinks().refused(ReasonOf(message), message);
  } else {
    Sinks().other(message);
  }
}

}  // namespace

std::string_view HandshakeRefusalName(HandshakeRefusal refusal) {
  switch (refusal) {
    case HandshakeRefusal::kNoCertificate:
      return "no-certificate";
    case HandshakeRefusal::kCertificateRefused:
      return "certificate-refused";
    case HandshakeRefusal::kClientRefused:
      return "client-refused";
    case HandshakeRefusal::kNotTls:
      return "not-tls";
    case HandshakeRefusal::kOther:
      return "other";
  }
  return "other";
}

// The words are OpenSSL 3's reason strings (ERR_reason_error_string).
HandshakeRefusal ReasonOf(std::string_view message) {
  if (Says(message, "peer did not return a certificate")) return HandshakeRefusal::kNoCertificate;
  if (Says(message, "certificate verify failed")) return HandshakeRefusal::kCertificateRefused;
  if (Says(message, " alert ")) return HandshakeRefusal::kClientRefused;
  for (const char* words :
       {"http request", "https proxy request", "wrong version number", "unsupported protocol",
        "unexpected message", "packet length too long"}) {
    if (Says(message, words)) return HandshakeRefusal::kNotTls;
  }
  return HandshakeRefusal::kOther;
}

void ListenToGrpcLog(GrpcLogSinks sinks) {
  Sinks() = std::move(sinks);
  gpr_set_log_function(OnGrpcLog);
}

void IgnoreGrpcLog() { gpr_set_log_function(OnNothing); }

}  // namespace mayfly::rpc
