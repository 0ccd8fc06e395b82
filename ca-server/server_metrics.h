// What mayfly-ca counts beside its ports: calls, OCSP answers, handshakes, and what is true now.
// docs/OPERATIONS.md has the table.
#pragma once

#include <array>
#include <atomic>
#include <optional>

#include "net/connection_refusal.h"
#include "ocsp/responder.h"
#include "rpc/handshake_refusals.h"
#include "rpc/service.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/throttle.h"

namespace mayfly {

// Rules are this program's words, profiles the policy's; both are bounded all the same.
constexpr size_t kRuleLabelsMax = 300;
constexpr size_t kProfileLabelsMax = 50;

class ServerMetrics {
 public:
  ServerMetrics(telemetry::Metrics& metrics, const Clock& clock);

  void Count(const rpc::RequestLogEntry& call);
  void Count(const ocsp::Answer& answer);
  // Counts, and logs at most once a second for each reason: strangers decide how often it comes.
  void Count(rpc::HandshakeRefusal refusal, std::string_view message);
  // What gRPC logs, which any stranger may cause: at most a line a second of each kind.
  void LogGrpc(std::string_view message);
  // Counts and logs connections that there was no place for; a line for each reason and address.
  void CountRpc(net::ConnectionRefusal refusal, const std::string& address);
  void CountHttp(net::ConnectionRefusal refusal, const std::string& address);
  // As CallLog::WriteHeldBack.
  void LogHeldBack() { telemetry::LogHeldBack(refusals_logged_); }

 private:
  void LogRefusal(std::string_view protocol, net::ConnectionRefusal refusal,
                  const std::string& address);
  static constexpr size_t kResults = static_cast<size_t>(ErrorCode::kInternal) + 2;  // and "ok"
  static constexpr size_t kAnswers = ocsp::kAnswerKinds.size();
  struct Method {
    std::string_view name;
    telemetry::Histogram duration;
    std::vector<telemetry::Counter> results;  // by ErrorCode, "ok" last
  };
  std::vector<Method> methods_;
  telemetry::LabelledCounters issued_;
  telemetry::LabelledCounters refused_;
  std::vector<telemetry::Counter> answers_;                   // by kind, then whether from memory
  std::vector<telemetry::Counter> refusals_;                  // by HandshakeRefusal
  std::vector<telemetry::Counter> rpc_connections_refused_;   // by ConnectionRefusal
  std::vector<telemetry::Counter> http_connections_refused_;  // the same
  telemetry::Throttle refusals_logged_;
};

}  // namespace mayfly
