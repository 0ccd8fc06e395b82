#include "x509/serial_number.h"

namespace mayfly::x509 {
namespace {

constexpr uint8_t kFormatBits = 0x20;  // 001.....
constexpr uint8_t kFormatMask = 0xe0;
constexpr size_t kTimeOctets = 6;
constexpr Seconds kShortMax = std::chrono::days(7);
constexpr Seconds kMediumMax = std::chrono::days(100);

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

}  // namespace

LifetimeClass LifetimeClassOf(Seconds lifetime) {
  if (lifetime <= kShortMax) return LifetimeClass::kUpTo7Days;
  if (lifetime <= kMediumMax) return LifetimeClass::kUpTo100Days;
  return LifetimeClass::kLonger;
}

SerialNumber SerialNumber::Make(LifetimeClass lifetime_class, TimePoint now, RandomSource& random) {
  Bytes octets(kSerialOctetsMax);
  octets[0] = static_cast<uint8_t>(kFormatBits | static_cast<uint8_t>(lifetime_class));
  auto ms = static_cast<uint64_t>(std::chrono::floor<Milliseconds>(now).time_since_epoch().count());
  for (size_t i = 0; i < kTimeOctets; ++i) {
    octets[1 + i] = static_cast<uint8_t>(ms >> (8 * (kTimeOctets - 1 - i)));
  }
  random.Fill(std::span(octets).subspan(1 + kTimeOctets));
  return SerialNumber(std::move(octets));
}

Result<SerialNumber> SerialNumber::FromIntegerContents(ByteSpan contents) {
  // RFC 5280 4.1.2.2: positive, at most 20 octets.
  if (contents.empty() || contents.size() > kSerialOctetsMax) {
    return Bad("serial.size", "a serial number has 1 to 20 octets");
  }
  bool zero = contents.size() == 1 && contents[0] == 0;
  if (zero || contents[0] & 0x80) return Bad("serial.positive", "a serial number is positive");
  if (contents.size() > 1 && contents[0] == 0 && !(contents[1] & 0x80)) {
    return Bad("serial.minimal", "a serial number has a leading zero octet too many");
  }
  return SerialNumber(ToBytes(contents));
}

Result<SerialNumber> SerialNumber::FromHex(std::string_view hex) {
  if (hex.size() > 2 * kSerialOctetsMax) {
    return Bad("serial.size", "a serial number has 1 to 20 octets");
  }
  auto octets = mayfly::FromHex(hex);
  if (!octets) return Bad("serial.hex", "a serial number is an even number of hex digits");
  // Other programs print the magnitude, without the zero octet that keeps the INTEGER positive.
  if (!octets->empty() && octets->front() & 0x80) octets->insert(octets->begin(), 0);
  return FromIntegerContents(*octets);
}

std::string SerialNumber::Hex() const { return ToHex(octets_); }

std::optional<LifetimeClass> SerialNumber::lifetime_class() const {
  if (octets_.size() != kSerialOctetsMax || (octets_[0] & kFormatMask) != kFormatBits) {
    return std::nullopt;
  }
  auto lifetime_class = static_cast<LifetimeClass>(octets_[0] & ~kFormatMask);
  bool known =
      lifetime_class >= LifetimeClass::kUpTo7Days && lifetime_class <= LifetimeClass::kLonger;
  if (!known) return std::nullopt;
  return lifetime_class;
}

std::optional<TimePoint> SerialNumber::issued_at() const {
  if (!lifetime_class()) return std::nullopt;
  int64_t ms = 0;
  for (size_t i = 0; i < kTimeOctets; ++i) ms = ms << 8 | octets_[1 + i];
  return TimePoint(Milliseconds(ms));
}

}  // namespace mayfly::x509
