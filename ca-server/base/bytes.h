// Octets: owned, borrowed, shown as text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly {

using Bytes = std::vector<uint8_t>;
using ByteSpan = std::span<const uint8_t>;
using Hash256 = std::array<uint8_t, 32>;  // SHA-256
using Hash160 = std::array<uint8_t, 20>;  // SHA-1, only where OCSP and key identifiers ask for it

inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes ToBytes(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }
inline std::string ToString(ByteSpan bytes) { return std::string(AsText(bytes)); }

bool Equal(ByteSpan a, ByteSpan b);

// Appends the field with its size in front, four octets, so that no two sequences of fields share
// an encoding.
void AppendSized(Bytes& out, ByteSpan field);

std::string ToHex(ByteSpan bytes);             // lower case, no separators
Result<Bytes> FromHex(std::string_view text);  // even length, either case

std::string ToBase64(ByteSpan bytes);             // RFC 4648 section 4, padded, one line
Result<Bytes> FromBase64(std::string_view text);  // strict: padded, nothing but the alphabet

// Text from outside, made safe for a log line or a terminal: printable ASCII stays, every other
// byte becomes \xNN, and what is beyond `bytes_max` is cut with "...".
std::string Escape(std::string_view text, size_t bytes_max = 256);

}  // namespace mayfly
