// The HTTP listeners of the configuration: one server for each, with the services it carries.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "http/ca_certificates_handler.h"
#include "http/health_handler.h"
#include "http/metrics_handler.h"
#include "http/ocsp_handler.h"
#include "http/router.h"
#include "http/server.h"
#include "wiring.h"

namespace mayfly {

class HttpListeners {
 public:
  struct Parts {
    Wiring& wiring;
    ocsp::Responder& responder;
    http::OcspHandler::Observer observe_answer;
    std::vector<http::ReadinessCheck> checks;
    size_t connections_max;  // of each listener
    net::OnConnectionRefused on_refused;
  };
  // What they answer with outlives them. Errors: as http::HttpServer::Start.
  static Result<std::unique_ptr<HttpListeners>> Start(Parts parts);
  // Answers what is under way, for at most `patience`.
  void Stop(Milliseconds patience);

 private:
  explicit HttpListeners(Parts parts);
  std::unique_ptr<http::Router> RouterFor(const config::ListenerConfig& listener);

  http::OcspHandler ocsp_;
  http::CaCertificatesHandler ca_certificates_;
  http::HealthHandler health_;
  http::MetricsHandler metrics_;
  std::vector<std::unique_ptr<http::Router>> routers_;
  std::vector<std::unique_ptr<http::HttpServer>> servers_;
};

}  // namespace mayfly
