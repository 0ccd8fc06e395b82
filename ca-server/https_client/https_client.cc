#include "https_client/https_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace mayfly {
namespace {

constexpr size_t kUrlBytesMax = 2048;
constexpr int64_t kMaxAgeDigitsMax = 9;

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, CurlDeleter>;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// One answer while it comes in.
struct Answer {
  const HttpsLimits& limits;
  const std::atomic<bool>& cancelled;
  HttpsAnswer given;
  size_t header_bytes = 0;
};

// Fewer bytes taken than given ends the transfer.
size_t TakeBody(char* data, size_t, size_t size, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  if (answer.given.body.size() + size > answer.limits.body_bytes_max) return 0;
  answer.given.body.append(data, size);
  return size;
}

size_t TakeHeader(char* data, size_t, size_t size, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  answer.header_bytes += size;
  if (answer.header_bytes > answer.limits.header_bytes_max) return 0;
  const std::string_view line(data, size);
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos && LowerCase(line.substr(0, colon)) == "cache-control") {
    if (const auto max_age = MaxAgeOf(line.substr(colon + 1))) answer.given.max_age = max_age;
  }
  return size;
}

int Progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Answer*>(user)->cancelled ? 1 : 0;
}

void SetLimits(CURL* curl, const HttpsLimits& limits, Answer& answer) {
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(limits.connect_time_max.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.time_max.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &TakeHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &answer);
}

// False where this libcurl cannot be told so: then nothing is asked.
bool SetTrust(CURL* curl, const std::optional<std::filesystem::path>& ca_file) {
  bool is_set = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
  if (!ca_file) return is_set;
  // Debian's libcurl has the folder of the system's certificates set beside the file.
  return is_set && curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file->c_str()) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr) == CURLE_OK;
}

Error Failed(const std::string& url, const std::string& why) {
  return Fail(ErrorCode::kStoreUnavailable, "https.failed", Escape(url) + ": " + why);
}

// False as above. `headers` lives until the transfer is over.
bool SetBody(CURL* curl, const std::optional<std::string>& body, HeaderList& headers) {
  if (!body) return true;
  headers.reset(curl_slist_append(nullptr, "Content-Type: application/octet-stream"));
  return headers != nullptr &&
         curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get()) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size())) ==
             CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data()) == CURLE_OK;
}

}  // namespace

bool IsHttpsUrl(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme) || url.size() > kUrlBytesMax) return false;
  const bool is_plain = std::ranges::all_of(
      url, [](char c) { return c > ' ' && c <= '~' && c != '#' && c != '\\' && c != '"'; });
  const std::string_view rest = url.substr(kScheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  return is_plain && !authority.empty() && authority.front() != ':' &&
         authority.find('@') == std::string_view::npos;
}

std::optional<Seconds> MaxAgeOf(std::string_view cache_control) {
  constexpr std::string_view kMaxAge = "max-age=";
  std::optional<Seconds> found;
  while (!cache_control.empty()) {
    const size_t comma = std::min(cache_control.find(','), cache_control.size());
    const std::string directive = LowerCase(Trim(cache_control.substr(0, comma)));
    cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
    if (directive == "no-store" || directive == "no-cache") return Seconds(0);
    if (!directive.starts_with(kMaxAge)) continue;
    const std::string digits = directive.substr(kMaxAge.size());
    const bool is_number = !digits.empty() && digits.size() <= kMaxAgeDigitsMax &&
                           digits.find_first_not_of("0123456789") == std::string::npos;
    if (is_number) found = Seconds(std::stoll(digits));
  }
  return found;
}

CurlClient::CurlClient(std::optional<std::filesystem::path> ca_file, HttpsLimits limits)
    : ca_file_(std::move(ca_file)), limits_(limits) {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) std::abort();
}

Result<HttpsAnswer> CurlClient::Ask(const HttpsRequest& request,
                                    const std::atomic<bool>& cancelled) {
  const std::string& url = request.url;
  if (!IsHttpsUrl(url)) return Failed(url, "not an https:// URL that may be asked");
  const std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  HeaderList headers;
  Answer answer{limits_, cancelled, {}, 0};
  if (!curl || curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str()) != CURLE_OK ||
      !SetTrust(curl.get(), ca_file_) || !SetBody(curl.get(), request.body, headers)) {
    return Failed(url, "libcurl cannot do this");
  }
  SetLimits(curl.get(), limits_, answer);
  const CURLcode done = curl_easy_perform(curl.get());
  if (done == CURLE_WRITE_ERROR) return Failed(url, "the answer is too large");
  if (done != CURLE_OK) return Failed(url, curl_easy_strerror(done));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.given.status = static_cast<int>(status);
  return std::move(answer.given);
}

}  // namespace mayfly
