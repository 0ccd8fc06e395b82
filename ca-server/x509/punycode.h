// Punycode (RFC 3492), only so far as to tell that a label can be decoded.
#pragma once

#include <string_view>

namespace mayfly::x509 {

// `text` is what follows "xn--", in lower case. True where it decodes to Unicode characters of
// which at least one is not ASCII, and none a control character.
bool IsPunycode(std::string_view text);

}  // namespace mayfly::x509
