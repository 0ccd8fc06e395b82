#include "http/health_handler.h"

namespace mayfly::http {
namespace {

// Escape() leaves printable ASCII, of which JSON (RFC 8259 7) minds two characters.
std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (char c : Escape(text, 1024)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string JsonCheck(const ReadinessCheck& check, const Status& outcome) {
  std::string json = "{\"name\":" + JsonString(check.name) + ",\"ready\":";
  if (outcome) return json + "true}";
  return json + "false,\"reason\":" + JsonString(Describe(outcome.error(), ErrorText::kForClient)) +
         "}";
}

}  // namespace

Task<HttpResponse> HealthHandler::Handle(HttpRequest request) {
  if (request.method != "GET" && request.method != "HEAD") co_return MethodNotAllowed("GET, HEAD");
  if (request.target == "/healthz") co_return PlainText(200, "alive");
  if (request.target == "/readyz") co_return Readiness();
  co_return PlainText(404, "not found");
}

HttpResponse HealthHandler::Readiness() const {
  bool ready = true;
  std::string list;
  for (const ReadinessCheck& check : checks_) {
    Status outcome = check.check();
    ready = ready && (outcome.has_value() || check.counts == Counts::kTold);
    if (!list.empty()) list += ',';
    list += JsonCheck(check, outcome);
  }
  std::string json =
      std::string("{\"ready\":") + (ready ? "true" : "false") + ",\"checks\":[" + list + "]}\n";
  return {ready ? 200u : 503u,
          "application/json",
          {{"Cache-Control", "no-store"}},
          ToBytes(AsBytes(json))};
}

}  // namespace mayfly::http
