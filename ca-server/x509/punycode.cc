#include "x509/punycode.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace mayfly::x509 {
namespace {

// RFC 3492 5.
constexpr uint32_t kBase = 36;
constexpr uint32_t kTMin = 1;
constexpr uint32_t kTMax = 26;
constexpr uint32_t kSkew = 38;
constexpr uint32_t kDamp = 700;
constexpr uint32_t kInitialBias = 72;
constexpr uint32_t kInitialN = 0x80;
constexpr uint32_t kUnicodeMax = 0x10ffff;
constexpr uint32_t kControlsEnd = 0xa0;  // U+0080 to U+009F

std::optional<uint32_t> DigitValue(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<uint32_t>(c - 'a');
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0') + 26;
  return std::nullopt;
}

// RFC 3492 6.1.
uint32_t Adapt(uint64_t delta, uint64_t points, bool first) {
  delta /= first ? kDamp : 2;
  delta += delta / points;
  uint32_t k = 0;
  for (; delta > (kBase - kTMin) * kTMax / 2; k += kBase) delta /= kBase - kTMin;
  return k + static_cast<uint32_t>((kBase - kTMin + 1) * delta / (delta + kSkew));
}

// One generalized variable-length integer off the front of `text` (RFC 3492 3.3).
std::optional<uint64_t> TakeDelta(std::string_view& text, uint32_t bias) {
  uint64_t delta = 0;
  uint64_t weight = 1;
  for (uint32_t k = kBase; !text.empty(); k += kBase) {
    auto digit = DigitValue(text.front());
    if (!digit) return std::nullopt;
    text.remove_prefix(1);
    delta += *digit * weight;
    // A label has 63 characters: every sound delta is far below this.
    if (delta > UINT32_MAX) return std::nullopt;
    uint32_t threshold = k <= bias ? kTMin : std::min(k - bias, kTMax);
    if (*digit < threshold) return delta;
    weight = std::min<uint64_t>(weight * (kBase - threshold), UINT32_MAX);
  }
  return std::nullopt;
}

}  // namespace

bool IsPunycode(std::string_view text) {
  size_t delimiter = text.rfind('-');
  uint64_t points = delimiter == std::string_view::npos ? 0 : delimiter;
  if (delimiter != std::string_view::npos) text.remove_prefix(delimiter + 1);
  if (text.empty()) return false;
  uint64_t n = kInitialN;
  uint64_t i = 0;
  uint32_t bias = kInitialBias;
  for (bool first = true; !text.empty(); first = false) {
    auto delta = TakeDelta(text, bias);
    if (!delta) return false;
    i += *delta;
    ++points;
    bias = Adapt(*delta, points, first);
    n += i / points;
    i = i % points + 1;
    if (n < kControlsEnd || n > kUnicodeMax || (n >= 0xd800 && n <= 0xdfff)) return false;
  }
  return true;
}

}  // namespace mayfly::x509
