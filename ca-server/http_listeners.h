// The HTTP listeners of the configuration: one server for each, with the services it carries.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "http/ca_certificates_handler.h"
#include "http/health_handler.h"
#include "http/ocsp_handler.h"
#include "http/router.h"
#include "http/server.h"
#include "wiring.h"

namespace mayfly {

class HttpListeners {
 public:
  // What they answer with outlives them. Errors: as http::HttpServer::Start.
  static Result<std::unique_ptr<HttpListeners>> Start(Wiring& wiring, ocsp::Responder& responder,
                                                      std::vector<http::ReadinessCheck> checks);
  // Answers what is under way, for at most `patience`.
  void Stop(Milliseconds patience);

 private:
  HttpListeners(Wiring& wiring, ocsp::Responder& responder,
                std::vector<http::ReadinessCheck> checks);
  std::unique_ptr<http::Router> RouterFor(const config::ListenerConfig& listener);

  http::OcspHandler ocsp_;
  http::CaCertificatesHandler ca_certificates_;
  http::HealthHandler health_;
  std::vector<std::unique_ptr<http::Router>> routers_;
  std::vector<std::unique_ptr<http::HttpServer>> servers_;
};

}  // namespace mayfly
