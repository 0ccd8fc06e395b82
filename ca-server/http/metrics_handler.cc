#include "http/metrics_handler.h"

namespace mayfly::http {

Task<HttpResponse> MetricsHandler::Handle(HttpRequest request) {
  if (request.method != "GET" && request.method != "HEAD") co_return MethodNotAllowed("GET, HEAD");
  if (request.target != "/metrics") co_return PlainText(404, "not found");
  HttpResponse response{200, "text/plain; version=0.0.4; charset=utf-8", {}, {}};
  response.headers = {{"Cache-Control", "no-store"}};
  response.body = ToBytes(AsBytes(text_()));
  co_return response;
}

}  // namespace mayfly::http
