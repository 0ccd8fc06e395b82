// base64url as JOSE has it (RFC 7515 2: RFC 4648 section 5 without padding).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace mayfly::identity {

std::string ToBase64Url(ByteSpan bytes);
// Strict: no padding, nothing but the alphabet, no bits set beyond the last octet, so that each
// value is written in one way only. Error: kInvalidArgument "base64url.format".
Result<Bytes> FromBase64Url(std::string_view text);

}  // namespace mayfly::identity
