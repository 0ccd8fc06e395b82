#include "base/uuid.h"

#include <algorithm>

namespace mayfly {
namespace {
constexpr size_t kDashes[] = {8, 13, 18, 23};
}

Uuid Uuid::MakeV7(TimePoint now, RandomSource& random) {
  std::array<uint8_t, 16> octets;
  random.Fill(octets);
  auto ms = static_cast<uint64_t>(
      std::chrono::duration_cast<Milliseconds>(now.time_since_epoch()).count());
  for (int i = 0; i < 6; ++i) octets[i] = static_cast<uint8_t>(ms >> (40 - 8 * i));
  octets[6] = static_cast<uint8_t>(0x70 | (octets[6] & 0x0f));
  octets[8] = static_cast<uint8_t>(0x80 | (octets[8] & 0x3f));
  return Uuid(octets);
}

Result<Uuid> Uuid::Parse(std::string_view text) {
  auto bad = [] {
    return Fail(ErrorCode::kInvalidArgument, "uuid.format",
                "a UUID looks like 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  };
  if (text.size() != 36) return bad();
  std::string hex;
  for (size_t i = 0; i < text.size(); ++i) {
    bool dash = std::find(std::begin(kDashes), std::end(kDashes), i) != std::end(kDashes);
    if (dash != (text[i] == '-')) return bad();
    if (!dash) hex += text[i];
  }
  auto octets = FromHex(hex);
  if (!octets) return bad();
  std::array<uint8_t, 16> out;
  std::copy(octets->begin(), octets->end(), out.begin());
  return Uuid(out);
}

std::string Uuid::ToString() const {
  std::string out = ToHex(octets_);
  for (size_t dash : kDashes) out.insert(dash, 1, '-');
  return out;
}

std::optional<TimePoint> Uuid::v7_time() const {
  if (octets_[6] >> 4 != 7) return std::nullopt;
  int64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = ms << 8 | octets_[i];
  return TimePoint(Milliseconds(ms));
}

}  // namespace mayfly
