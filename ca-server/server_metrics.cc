#include "server_metrics.h"

#include "mayfly/ca/v1/certificate_authority.access.pb.h"
#include "telemetry/log.h"

namespace mayfly {
namespace {

std::string ResultName(size_t result, size_t ok) {
  return std::string(result == ok ? "ok" : ErrorCodeName(static_cast<ErrorCode>(result)));
}

// "Error parsing metadata" of "Error parsing metadata: error=invalid value key=:path value=x": what
// comes after is the stranger's.
std::string KindOfGrpcMessage(std::string_view message) {
  constexpr size_t kKindCharsMax = 40;
  return "grpc " +
         std::string(
             message.substr(0, message.find_first_of(":=\"'0123456789")).substr(0, kKindCharsMax));
}

}  // namespace

ServerMetrics::ServerMetrics(telemetry::Metrics& metrics, const Clock& clock)
    : issued_(metrics, "mayfly_certificates_issued_total", "Certificates given to callers.",
              "profile", kProfileLabelsMax),
      refused_(metrics, "mayfly_rpc_refusals_total", "Calls that failed, by the rule that said so.",
               "rule", kRuleLabelsMax),
      refusals_logged_(clock, Seconds(1)) {
  metrics.MakeGauge("mayfly_build_info", "Always 1.", {{"version", MAYFLY_VERSION}}).Set(1);
  for (const ca::v1::MethodAccess& access : ca::v1::kAccessTable) {
    const std::string method(access.method);
    Method made{access.method,
                metrics.MakeHistogram("mayfly_rpc_duration_seconds", "From call to answer.",
                                      {{"method", method}}),
                {}};
    for (size_t result = 0; result < kResults; ++result) {
      made.results.push_back(
          metrics.MakeCounter("mayfly_rpc_requests_total", "Finished calls.",
                              {{"method", method}, {"result", ResultName(result, kResults - 1)}}));
    }
    methods_.push_back(std::move(made));
  }
  for (const ocsp::AnswerKind kind : ocsp::kAnswerKinds) {
    for (const char* from : {"signed", "memory"}) {
      answers_.push_back(metrics.MakeCounter(
          "mayfly_ocsp_answers_total", "OCSP answers, and whether one in memory would do.",
          {{"status", std::string(ocsp::AnswerKindName(kind))}, {"from", from}}));
    }
  }
  for (const rpc::HandshakeRefusal refusal : rpc::kHandshakeRefusals) {
    refusals_.push_back(
        metrics.MakeCounter("mayfly_handshake_refusals_total", "TLS handshakes that failed.",
                            {{"reason", std::string(rpc::HandshakeRefusalName(refusal))}}));
  }
  for (const net::ConnectionRefusal refusal : net::kConnectionRefusals) {
    const std::string reason(net::ConnectionRefusalName(refusal));
    rpc_connections_refused_.push_back(metrics.MakeCounter("mayfly_rpc_connections_refused_total",
                                                           "gRPC connections closed as they came.",
                                                           {{"reason", reason}}));
    http_connections_refused_.push_back(metrics.MakeCounter(
        "mayfly_http_connections_refused_total",
        "HTTP connections closed as they came, or while they waited.", {{"reason", reason}}));
  }
}

void ServerMetrics::Count(const rpc::RequestLogEntry& call) {
  for (Method& method : methods_) {
    if (method.name != call.method) continue;
    method.duration.Observe(std::chrono::duration<double>(call.duration).count());
    method.results[call.code ? static_cast<size_t>(*call.code) : kResults - 1].Add();
    break;
  }
  if (call.code) {
    refused_.Add(call.rule);
  } else if (call.issued) {
    issued_.Add(call.profile);
  }
}

void ServerMetrics::Count(const ocsp::Answer& answer) {
  answers_[2 * static_cast<size_t>(answer.kind) + (answer.from_memory ? 1 : 0)].Add();
}

void ServerMetrics::Count(rpc::HandshakeRefusal refusal, std::string_view message) {
  refusals_[static_cast<size_t>(refusal)].Add();
  const std::string_view reason = rpc::HandshakeRefusalName(refusal);
  const auto held_back = refusals_logged_.Pass(reason);
  if (!held_back) return;
  telemetry::LogWarning("handshake refused",
                        {{"reason", reason},
                         {"error", message},
                         {"like_it_not_logged", telemetry::NotLogged(*held_back)}});
}

void ServerMetrics::LogGrpc(std::string_view message) {
  const auto held_back = refusals_logged_.Pass(KindOfGrpcMessage(message));
  if (!held_back) return;
  telemetry::LogWarning(
      "grpc", {{"error", message}, {"like_it_not_logged", telemetry::NotLogged(*held_back)}});
}

void ServerMetrics::CountRpc(net::ConnectionRefusal refusal, const std::string& address) {
  rpc_connections_refused_[static_cast<size_t>(refusal)].Add();
  LogRefusal("grpc", refusal, address);
}

void ServerMetrics::CountHttp(net::ConnectionRefusal refusal, const std::string& address) {
  http_connections_refused_[static_cast<size_t>(refusal)].Add();
  LogRefusal("http", refusal, address);
}

void ServerMetrics::LogRefusal(std::string_view protocol, net::ConnectionRefusal refusal,
                               const std::string& address) {
  const std::string_view reason = net::ConnectionRefusalName(refusal);
  const auto held_back =
      refusals_logged_.Pass(std::string(protocol) + " " + std::string(reason) + " " + address);
  if (!held_back) return;
  telemetry::LogWarning("connection refused",
                        {{"protocol", protocol},
                         {"reason", reason},
                         {"address", address},
                         {"like_it_not_logged", telemetry::NotLogged(*held_back)}});
}

}  // namespace mayfly
