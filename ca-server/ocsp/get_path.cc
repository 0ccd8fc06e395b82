#include "ocsp/get_path.h"

#include <string>

namespace mayfly::ocsp {
namespace {

Error Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "ocsp.get-path", std::move(message));
}

// RFC 3986 2.1; a '+' stays a '+', since this is a path and not a form.
Result<std::string> Unescape(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    Result<Bytes> octet = FromHex(path.substr(i + 1, 2));
    if (!octet || octet->size() != 1) return Refuse("a percent sign needs two hex digits");
    out += static_cast<char>(octet->front());
    i += 2;
  }
  return out;
}

}  // namespace

Result<Bytes> RequestFromGetPath(std::string_view path) {
  if (path.empty()) return Refuse("the path has no request");
  if (path.size() > kGetPathBytesMax) return Refuse("the path is too long; use POST");
  TRY_ASSIGN(std::string base64, Unescape(path));
  return FromBase64(base64);
}

}  // namespace mayfly::ocsp
