// mayfly.ca.v1.CertificateAuthorityService on gRPC's callback API.
//
// A handler never blocks a thread of gRPC: it counts itself in, hops to the executor, runs the use
// case as a coroutine and finishes the call wherever that ends. A cancelled call is still carried
// to its end, since what is recorded is recorded; only one that was cancelled before it began is
// dropped.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/executor.h"
#include "rpc/connections.h"
#include "rpc/identification.h"
#include "rpc/turns.h"

namespace grpc {
class Service;
}

namespace mayfly::rpc {

constexpr char kCertificateAuthorityServiceName[] = "mayfly.ca.v1.CertificateAuthorityService";

// Where the client sets no deadline, and the longest that is honoured.
constexpr Seconds kDeadlineDefault{10};
constexpr Seconds kDeadlineMax{30};

// One finished call, for the log. Text is as it came, so the log must escape it; nothing in it is
// secret.
struct RequestLogEntry {
  std::string_view method;        // "IssueCertificate"
  std::string peer;               // "ipv4:10.0.0.7:51234"
  std::string principal;          // empty where nobody was identified
  std::string subject;            // issued or asked about: a resource name; empty where none
  bool issued = false;            // a certificate was given to the caller
  std::string profile;            // asked for, or of what was issued
  std::string request_id;         // IssueCertificate
  std::optional<ErrorCode> code;  // nothing: it went well
  std::string rule;               // of the error
  std::string error;              // Describe(.., kForLog)
  std::chrono::microseconds duration{0};
};
using RequestLog = std::function<void(const RequestLogEntry&)>;

// A quarter of the calls in flight are at work, half of them may wait for their turn (turns.h);
// what is beyond that is refused before it is looked at.
struct CallLimits {
  size_t in_flight_max;
  size_t principal_at_work_max;
  size_t principal_at_work_shared_max;
  size_t principal_waiting_max;
  uint32_t principal_per_minute_max;  // 0: any number
};
TurnLimits TurnLimitsOf(const CallLimits& limits);

struct ServiceParts {
  Callers callers;  // of the listeners that it stands behind
  UseCases& use_cases;
  JwtCheck check_jwt;          // for callers without a certificate
  ForeignCheck check_foreign;  // for callers with one; null: only ours count
  const Clock& clock;
  Executor& executor;  // must outlive the server
  RandomSource& random;
  Hash256 page_key;  // seals page tokens; the same in every server of one database
  CallLimits limits;
  Turns& turns;  // of all services of a server: who asks at one asks beside those at the others
  Connections& connections;  // of the server that it stands behind
  RequestLog log;            // called once a call, on any thread
};

class CertificateAuthorityService {
 public:
  explicit CertificateAuthorityService(ServiceParts parts);
  ~CertificateAuthorityService();

  grpc::Service& grpc_service();
  size_t in_flight() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How long a call may take, by the client's deadline on `now`'s clock.
Milliseconds TimeAllowed(std::chrono::system_clock::time_point client_deadline, TimePoint now);

}  // namespace mayfly::rpc
