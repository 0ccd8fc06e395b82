// OCSP over HTTP (RFC 6960 appendix A, RFC 9919 5 and 6).
#pragma once

#include <functional>
#include <string>

#include "http/message.h"
#include "ocsp/responder.h"

namespace mayfly::http {

constexpr std::string_view kOcspRequestType = "application/ocsp-request";
constexpr std::string_view kOcspResponseType = "application/ocsp-response";

class OcspHandler final : public HttpHandler {
 public:
  using Observer = std::function<void(const ocsp::Answer&)>;
  // POST to `path`, GET from `path`/{base64}. The rest outlives the handler. `observe` is told of
  // each answer.
  OcspHandler(std::string path, ocsp::Responder& responder, const Clock& clock, Observer observe);
  // 200 with an OCSPResponse, error statuses included; 405 and 415 as plain text.
  Task<HttpResponse> Handle(HttpRequest request) override;

 private:
  Result<Bytes> RequestDer(HttpRequest& request) const;
  std::string path_;
  ocsp::Responder& responder_;
  const Clock& clock_;
  const Observer observe_;
};

// RFC 9919 6.2: what an answer with these times says to caches; `now` within them, else no-store.
std::vector<std::pair<std::string, std::string>> CacheHeaders(const ocsp::Answer& answer,
                                                              TimePoint now);

}  // namespace mayfly::http
