// Router: which handler has a path. What a listener serves is listed in the wiring.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/message.h"

namespace mayfly::http {

class Router final : public HttpHandler {
 public:
  // "/ocsp" is that path and everything below "/ocsp/". The handler outlives the router.
  void Mount(std::string path, HttpHandler& handler);
  // 404 where no path matches; the longest path wins.
  Task<HttpResponse> Handle(HttpRequest request) override;

 private:
  struct Mounted {
    std::string path;
    HttpHandler* handler;
  };
  std::vector<Mounted> mounted_;
};

}  // namespace mayfly::http
