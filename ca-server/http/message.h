// What a handler is given and gives back. No HTTP library in sight.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/task.h"

namespace mayfly::http {

struct HttpRequest {
  std::string method;
  std::string target;        // as it stands in the request line: nothing decoded or collapsed
  std::string content_type;  // empty where there is none
  Bytes body;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  Bytes body;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Called on a thread of the server, many at once; may go on elsewhere. Keeps a deadline of its
  // own: the server waits for it when it stops.
  virtual Task<HttpResponse> Handle(HttpRequest request) = 0;
};

// "message\n" as text/plain, not to be cached.
HttpResponse PlainText(unsigned status, std::string_view message);
// 405 with Allow (RFC 9110 15.5.6).
HttpResponse MethodNotAllowed(std::string_view allowed);

// RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"; whole seconds.
std::string HttpDate(TimePoint when);

}  // namespace mayfly::http
