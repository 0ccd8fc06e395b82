// GET /metrics: what Prometheus scrapes. For a listener that only monitoring reaches.
#pragma once

#include <functional>
#include <string>

#include "http/message.h"

namespace mayfly::http {

class MetricsHandler final : public HttpHandler {
 public:
  // `text` gives Prometheus' text format 0.0.4; on any thread.
  explicit MetricsHandler(std::function<std::string()> text) : text_(std::move(text)) {}
  Task<HttpResponse> Handle(HttpRequest request) override;

 private:
  std::function<std::string()> text_;
};

}  // namespace mayfly::http
