// The dNSName of RFC 5280 4.2.1.6 in its normal form (RFC 1034 3.5 "preferred name syntax").
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::x509 {

constexpr size_t kDnsNameCharsMax = 253;
constexpr size_t kDnsLabelCharsMax = 63;
constexpr size_t kWildcardLabelsMin = 3;  // "*.com" would speak for a whole registry

enum class Wildcard { kAllowed, kRefused };

// Lower-cased and checked. Errors: kInvalidArgument "name.dns". A last label that is a number
// is refused too: such a text is an IPv4 address to many resolvers ("127.1", "0x7f.1").
Result<std::string> NormalDnsName(std::string_view text, Wildcard wildcard);

std::string AsciiLower(std::string_view text);

}  // namespace mayfly::x509
