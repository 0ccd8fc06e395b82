#include "http_listeners.h"

namespace mayfly {
namespace {

constexpr const char* kOcspPath = "/ocsp";

http::CaCertificates CertificatesOf(const Wiring& wiring) {
  http::CaCertificates out;
  out.roots = wiring.bundle().roots;
  for (size_t i = 0; i < wiring.issuers().size(); ++i) {
    out.issuers.push_back({wiring.issuers()[i]->name(), wiring.bundle().issuing[i]});
  }
  return out;
}

}  // namespace

HttpListeners::HttpListeners(Parts parts)
    : ocsp_(kOcspPath, parts.responder, parts.wiring.foundation().clock,
            std::move(parts.observe_answer)),
      ca_certificates_(CertificatesOf(parts.wiring)),
      health_(std::move(parts.checks)),
      metrics_([&metrics = parts.wiring.metrics()] { return metrics.Text(); }) {}

std::unique_ptr<http::Router> HttpListeners::RouterFor(const config::ListenerConfig& listener) {
  auto router = std::make_unique<http::Router>();
  if (listener.services.contains(config::Service::kOcsp)) router->Mount(kOcspPath, ocsp_);
  if (listener.services.contains(config::Service::kCaCertificates)) {
    router->Mount("/ca", ca_certificates_);
    router->Mount("/trust-bundle.pem", ca_certificates_);
  }
  if (listener.services.contains(config::Service::kHealth)) {
    router->Mount("/healthz", health_);
    router->Mount("/readyz", health_);
  }
  if (listener.services.contains(config::Service::kMetrics)) router->Mount("/metrics", metrics_);
  return router;
}

Result<std::unique_ptr<HttpListeners>> HttpListeners::Start(Parts given) {
  Wiring& wiring = given.wiring;
  const size_t connections_max = given.connections_max;
  const net::OnConnectionRefused on_refused = std::move(given.on_refused);
  std::unique_ptr<HttpListeners> listeners(new HttpListeners(std::move(given)));
  for (const config::ListenerConfig& listener : wiring.config().listeners) {
    if (listener.is_grpc()) continue;
    listeners->routers_.push_back(listeners->RouterFor(listener));
    http::HttpServerParts parts{.addresses = {{listener.host, listener.port}},
                                .handler = *listeners->routers_.back(),
                                .clock = wiring.foundation().clock,
                                .limits = {.connections_max = connections_max},
                                .on_refused = on_refused};
    if (listener.tls == config::ListenerTls::kServer) {
      parts.tls = {listener.certificate, listener.private_key};
    }
    TRY_ASSIGN(auto server, http::HttpServer::Start(std::move(parts)));
    listeners->servers_.push_back(std::move(server));
  }
  return listeners;
}

void HttpListeners::Stop(Milliseconds patience) {
  for (auto& server : servers_) server->Stop(patience);
}

}  // namespace mayfly
