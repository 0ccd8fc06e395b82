#include "http/router.h"

namespace mayfly::http {
namespace {

bool IsAtOrBelow(std::string_view target, std::string_view path) {
  if (!target.starts_with(path)) return false;
  std::string_view rest = target.substr(path.size());
  return rest.empty() || rest.front() == '/' || rest.front() == '?';
}

}  // namespace

void Router::Mount(std::string path, HttpHandler& handler) {
  mounted_.push_back({std::move(path), &handler});
}

Task<HttpResponse> Router::Handle(HttpRequest request) {
  const Mounted* best = nullptr;
  for (const Mounted& mounted : mounted_) {
    if (!IsAtOrBelow(request.target, mounted.path)) continue;
    if (!best || mounted.path.size() > best->path.size()) best = &mounted;
  }
  if (!best) co_return PlainText(404, "not found");
  Task<HttpResponse> handling = best->handler->Handle(std::move(request));
  HttpResponse response = co_await handling;
  co_return response;
}

}  // namespace mayfly::http
