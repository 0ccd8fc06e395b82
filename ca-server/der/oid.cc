#include "der/oid.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace mayfly::der {
namespace {

constexpr uint64_t kTopArcMax = 2;
constexpr uint64_t kSecondArcCount = 40;  // under the top arcs 0 and 1 (X.690 8.19.4)

Error BadDotted() {
  return Fail(ErrorCode::kInvalidArgument, "oid.format",
              "an object identifier looks like 1.3.6.1.5.5.7.3.1");
}

Error BadContents(std::string message) {
  return Fail(ErrorCode::kBadDer, "der.oid", std::move(message));
}

// One arc off the front of `text`, with the dot after it.
Result<uint64_t> TakeArc(std::string_view& text) {
  std::string_view digits = text.substr(0, text.find('.'));
  uint64_t arc = 0;
  auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), arc);
  bool whole = status == std::errc() && end == digits.data() + digits.size();
  if (!whole || (digits.size() > 1 && digits[0] == '0')) return BadDotted();
  text.remove_prefix(digits.size());
  if (text == ".") return BadDotted();
  if (!text.empty()) text.remove_prefix(1);
  return arc;
}

void AppendBase128(Bytes& out, uint64_t arc) {
  int groups = 1;
  for (uint64_t rest = arc >> 7; rest != 0; rest >>= 7) ++groups;
  for (int group = groups - 1; group >= 0; --group) {
    out.push_back(static_cast<uint8_t>((arc >> (7 * group) & 0x7f) | (group > 0 ? 0x80 : 0)));
  }
}

// Arcs can be of any size (2.25.<UUID> has 128 bits), so decimals are made by hand.
void TimesBase128Plus(std::string& decimal, uint8_t digit) {
  unsigned carry = digit;
  for (auto place = decimal.rbegin(); place != decimal.rend(); ++place) {
    carry += static_cast<unsigned>(*place - '0') * 128;
    *place = static_cast<char>('0' + carry % 10);
    carry /= 10;
  }
  for (; carry != 0; carry /= 10)
    decimal.insert(decimal.begin(), static_cast<char>('0' + carry % 10));
}

void Subtract(std::string& decimal, unsigned amount) {
  int borrow = static_cast<int>(amount);
  for (auto place = decimal.rbegin(); place != decimal.rend() && borrow != 0; ++place) {
    int value = *place - '0' - borrow % 10;
    borrow /= 10;
    if (value < 0) {
      value += 10;
      ++borrow;
    }
    *place = static_cast<char>('0' + value);
  }
  decimal.erase(0, std::min(decimal.find_first_not_of('0'), decimal.size() - 1));
}

// The first arc of the encoding is 40 * top + second (X.690 8.19.4).
std::string SplitFirstArc(std::string first) {
  if (first.size() > 2 || std::stoul(first) >= kTopArcMax * kSecondArcCount) {
    Subtract(first, kTopArcMax * kSecondArcCount);
    return "2." + first;
  }
  unsigned long value = std::stoul(first);
  return std::to_string(value / kSecondArcCount) + "." + std::to_string(value % kSecondArcCount);
}

}  // namespace

Result<Oid> Oid::FromDotted(std::string_view dotted) {
  TRY_ASSIGN(uint64_t top, TakeArc(dotted));
  TRY_ASSIGN(uint64_t second, TakeArc(dotted));
  if (top > kTopArcMax || (top < kTopArcMax && second >= kSecondArcCount)) return BadDotted();
  if (second > UINT64_MAX - kTopArcMax * kSecondArcCount) return BadDotted();
  Bytes contents;
  AppendBase128(contents, top * kSecondArcCount + second);
  while (!dotted.empty()) {
    TRY_ASSIGN(uint64_t arc, TakeArc(dotted));
    AppendBase128(contents, arc);
    if (contents.size() > kOidBytesMax) return BadDotted();
  }
  return Oid(std::move(contents));
}

Result<Oid> Oid::FromContents(ByteSpan contents) {
  if (contents.empty()) return BadContents("an object identifier is empty");
  if (contents.size() > kOidBytesMax) return BadContents("an object identifier is too long");
  if (contents.back() & 0x80) return BadContents("an object identifier's last arc is cut off");
  bool arc_starts = true;
  for (uint8_t octet : contents) {
    // X.690 8.19.2: the first octet of an arc is never 80.
    if (arc_starts && octet == 0x80) return BadContents("an object identifier's arc is padded");
    arc_starts = (octet & 0x80) == 0;
  }
  return Oid(ToBytes(contents));
}

std::string Oid::Dotted() const {
  std::string out;
  std::string arc = "0";
  for (uint8_t octet : contents_) {
    TimesBase128Plus(arc, octet & 0x7f);
    if (octet & 0x80) continue;
    out += out.empty() ? SplitFirstArc(arc) : "." + arc;
    arc = "0";
  }
  return out;
}

Oid OidOrDie(std::string_view dotted) {
  auto oid = Oid::FromDotted(dotted);
  if (!oid) {
    std::fprintf(stderr, "not an object identifier: %.*s\n", static_cast<int>(dotted.size()),
                 dotted.data());
    std::abort();
  }
  return *std::move(oid);
}

}  // namespace mayfly::der
