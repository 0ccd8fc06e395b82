#include "base/bytes.h"

#include <algorithm>

namespace mayfly {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error BadText(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

}  // namespace

bool Equal(ByteSpan a, ByteSpan b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

void AppendSized(Bytes& out, ByteSpan field) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<uint8_t>(field.size() >> shift));
  }
  out.insert(out.end(), field.begin(), field.end());
}

std::string ToHex(ByteSpan bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
  return out;
}

Result<Bytes> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return BadText("hex.length", "an even number of hex digits is needed");
  Bytes out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    int high = HexValue(text[i]), low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return BadText("hex.digit", "not a hex digit");
    out.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return out;
}

std::string ToBase64(ByteSpan bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t group =
        bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    for (size_t k = 0; k < 4; ++k) {
      out += k <= left ? kBase64Alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

Result<Bytes> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return BadText("base64.length", "base64 comes in groups of four");
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  for (size_t i = 0; i < text.size(); i += 4) {
    size_t digits = i + 4 == text.size() ? 4 - padding : 4;
    uint32_t group = 0;
    for (size_t k = 0; k < digits; ++k) {
      size_t value = kBase64Alphabet.find(text[i + k]);
      if (value == std::string_view::npos) return BadText("base64.digit", "not a base64 digit");
      group |= static_cast<uint32_t>(value) << (18 - 6 * k);
    }
    if ((digits == 2 && (group & 0xffff)) || (digits == 3 && (group & 0xff))) {
      return BadText("base64.trailing-bits", "unused bits of the last base64 digit must be zero");
    }
    for (size_t k = 0; k + 1 < digits; ++k)
      out.push_back(static_cast<uint8_t>(group >> (16 - 8 * k)));
  }
  return out;
}

std::string Escape(std::string_view text, size_t bytes_max) {
  std::string out;
  for (char c : text.substr(0, bytes_max)) {
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += kHexDigits[static_cast<uint8_t>(c) >> 4];
      out += kHexDigits[static_cast<uint8_t>(c) & 15];
    }
  }
  if (text.size() > bytes_max) out += "...";
  return out;
}

}  // namespace mayfly
