#include "http/ocsp_handler.h"

#include <algorithm>
#include <cctype>
#include <chrono>

#include "ocsp/get_path.h"
#include "x509/digest.h"

namespace mayfly::http {
namespace {

// RFC 9110 8.3.1: types are compared without case; parameters do not matter here.
bool IsMediaType(std::string_view header, std::string_view type) {
  std::string_view essence = header.substr(0, header.find(';'));
  while (!essence.empty() && (essence.back() == ' ' || essence.back() == '\t')) {
    essence.remove_suffix(1);
  }
  return std::equal(essence.begin(), essence.end(), type.begin(), type.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

}  // namespace

OcspHandler::OcspHandler(std::string path, ocsp::Responder& responder, const Clock& clock,
                         Observer observe)
    : path_(std::move(path)), responder_(responder), clock_(clock), observe_(std::move(observe)) {}

Result<Bytes> OcspHandler::RequestDer(HttpRequest& request) const {
  if (request.method == "POST") return std::move(request.body);
  std::string_view below = std::string_view(request.target).substr(path_.size());
  if (below.starts_with('/')) below.remove_prefix(1);
  return ocsp::RequestFromGetPath(below);
}

Task<HttpResponse> OcspHandler::Handle(HttpRequest request) {
  if (request.method != "GET" && request.method != "POST") co_return MethodNotAllowed("GET, POST");
  if (request.method == "POST" && !IsMediaType(request.content_type, kOcspRequestType)) {
    co_return PlainText(415, "the content type of a request is application/ocsp-request");
  }
  // A path that is no base64 is answered like a body that is no DER: GET and POST agree.
  Result<Bytes> asked = RequestDer(request);
  Bytes der = asked ? *std::move(asked) : Bytes();
  Task<ocsp::Answer> responding = responder_.Respond(std::move(der));
  ocsp::Answer answer = co_await responding;
  observe_(answer);
  HttpResponse response{200, std::string(kOcspResponseType), CacheHeaders(answer, clock_.Now()),
                        std::move(answer.der)};
  co_return response;
}

std::vector<std::pair<std::string, std::string>> CacheHeaders(const ocsp::Answer& answer,
                                                              TimePoint now) {
  if (!answer.cache) return {{"Cache-Control", "no-store"}};
  // thisUpdate < now + max-age < nextUpdate; the second that is cut off keeps it below.
  Seconds max_age = std::chrono::floor<Seconds>(answer.cache->next_update - now) - Seconds(1);
  if (max_age < Seconds(1) || now + max_age <= answer.cache->this_update) {
    return {{"Cache-Control", "no-store"}};
  }
  return {
      {"Last-Modified", HttpDate(answer.cache->this_update)},
      {"Expires", HttpDate(answer.cache->next_update)},
      {"ETag", '"' + ToHex(x509::Sha256(answer.der)) + '"'},
      {"Cache-Control",
       "max-age=" + std::to_string(max_age.count()) + ", public, no-transform, must-revalidate"},
  };
}

}  // namespace mayfly::http
