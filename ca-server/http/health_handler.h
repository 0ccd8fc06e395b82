// Health, for the private listener.
//
//   GET /healthz   200 while the process answers at all
//   GET /readyz    200 or 503 with {"ready":bool,"checks":[{"name":..,"ready":bool,"reason":..}]}
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/message.h"

namespace mayfly::http {

// kTold: something is amiss that this server gets by without.
enum class Counts : uint8_t { kForReadiness, kTold };

struct ReadinessCheck {
  std::string name;               // "database", "signer", ...
  std::function<Status()> check;  // quick and thread-safe: looks at what is known, asks nobody
  Counts counts = Counts::kForReadiness;
};

class HealthHandler final : public HttpHandler {
 public:
  explicit HealthHandler(std::vector<ReadinessCheck> checks) : checks_(std::move(checks)) {}
  Task<HttpResponse> Handle(HttpRequest request) override;

 private:
  HttpResponse Readiness() const;
  std::vector<ReadinessCheck> checks_;
};

}  // namespace mayfly::http
