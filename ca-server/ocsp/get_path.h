// The request inside the path of a GET (RFC 6960 A.1): url-encoded base64 of the DER.
#pragma once

#include <string_view>

#include "ocsp/request.h"

namespace mayfly::ocsp {

// Every character of the base64 may be percent-escaped.
constexpr size_t kGetPathBytesMax = 3 * ((kRequestDerBytesMax + 2) / 3 * 4);

// `path` is what follows "{url}/", raw: not decoded, "//" not collapsed. '/', '+' and '=' are
// taken escaped and unescaped; escapes are undone once. Errors: kInvalidArgument
// "ocsp.get-path", "base64.*".
Result<Bytes> RequestFromGetPath(std::string_view path);

}  // namespace mayfly::ocsp
