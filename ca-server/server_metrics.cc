#include "server_metrics.h"

#include "telemetry/log.h"

namespace mayfly {
namespace {

constexpr std::array<std::string_view, 5> kMethodNames = {"IssueCertificate", "GetCertificate",
                                                          "ListCertificates", "RevokeCertificate",
                                                          "GetTrustBundle"};

std::string ResultName(size_t result, size_t ok) {
  return std::string(result == ok ? "ok" : ErrorCodeName(static_cast<ErrorCode>(result)));
}

}  // namespace

ServerMetrics::ServerMetrics(telemetry::Metrics& metrics, const Clock& clock)
    : clock_(clock),
      issued_(metrics, "mayfly_certificates_issued_total", "Certificates given to callers.",
              "profile", kProfileLabelsMax),
      refused_(metrics, "mayfly_rpc_refusals_total", "Calls that failed, by the rule that said so.",
               "rule", kRuleLabelsMax) {
  metrics.MakeGauge("mayfly_build_info", "Always 1.", {{"version", MAYFLY_VERSION}}).Set(1);
  for (const std::string_view name : kMethodNames) {
    const std::string method(name);
    Method made{name,
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
    refusals_.push_back(std::make_unique<Refusal>(
        metrics.MakeCounter("mayfly_handshake_refusals_total", "TLS handshakes that failed.",
                            {{"reason", std::string(rpc::HandshakeRefusalName(refusal))}})));
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
  } else if (call.method == kMethodNames[0]) {
    issued_.Add(call.profile);
  }
}

void ServerMetrics::Count(const ocsp::Answer& answer) {
  answers_[2 * static_cast<size_t>(answer.kind) + (answer.from_memory ? 1 : 0)].Add();
}

void ServerMetrics::Count(rpc::HandshakeRefusal refusal, std::string_view message) {
  Refusal& known = *refusals_[static_cast<size_t>(refusal)];
  known.count.Add();
  const int64_t now = std::chrono::floor<Seconds>(clock_.BootNow().time_since_epoch()).count();
  if (known.logged_at.exchange(now) == now) return;
  telemetry::LogWarning("handshake refused",
                        {{"reason", rpc::HandshakeRefusalName(refusal)}, {"error", message}});
}

}  // namespace mayfly
