// GET and POST over HTTPS, for small documents of one known server.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly {

struct HttpsRequest {
  std::string url;
  // POST where there is one, else GET. Its type is application/octet-stream.
  std::optional<std::string> body = std::nullopt;
};

struct HttpsAnswer {
  int status = 0;  // whatever it is
  std::string body;
  std::optional<Seconds> max_age;  // Cache-Control (RFC 9111 5.2.2); 0 for no-store and no-cache
};

class HttpsClient {
 public:
  virtual ~HttpsClient() = default;
  // Errors: kStoreUnavailable "https.failed". Blocks for its time limit at most.
  virtual Result<HttpsAnswer> Ask(const HttpsRequest& request,
                                  const std::atomic<bool>& cancelled) = 0;
};

struct HttpsLimits {
  size_t body_bytes_max = 256 * 1024;
  size_t header_bytes_max = 64 * 1024;
  Milliseconds connect_time_max{5000};
  Milliseconds time_max{10000};  // for all of it
};

// With libcurl. TLS 1.2 or later, certificate and host name verified: by the certificates in
// `ca_file` and no others, or by the system's where there is none. No other scheme, no redirect at
// all, no user information in the URL. A proxy is taken from the environment as libcurl does.
class CurlClient final : public HttpsClient {
 public:
  explicit CurlClient(std::optional<std::filesystem::path> ca_file, HttpsLimits limits = {});
  Result<HttpsAnswer> Ask(const HttpsRequest& request, const std::atomic<bool>& cancelled) override;

 private:
  std::optional<std::filesystem::path> ca_file_;
  HttpsLimits limits_;
};

// "https://" and a host, no user information, no fragment, printable ASCII without spaces.
bool IsHttpsUrl(std::string_view url);
// What a Cache-Control header says; nothing where it does not say.
std::optional<Seconds> MaxAgeOf(std::string_view cache_control);

}  // namespace mayfly
