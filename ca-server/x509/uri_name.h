// The uniformResourceIdentifier of RFC 5280 4.2.1.6 in its normal form.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::x509 {

constexpr size_t kUriBytesMax = 2048;

// Scheme and authority in lower case, no user information, characters of RFC 3986 only, the hex
// digits of escapes in upper case; an IPv6 address as RFC 5952 has it; a port without zeros in
// front, and none that is empty. SPIFFE IDs as spiffe_id.h has them. Errors: kInvalidArgument
// "name.uri", "name.spiffe".
Result<std::string> NormalUri(std::string_view text);

}  // namespace mayfly::x509
