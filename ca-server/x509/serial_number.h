// CertificateSerialNumber (RFC 5280 4.1.2.2), 20 octets, ordered by lifetime class and time:
//
//   octet 0       001ccccc: three high bits 001 (so always 20 octets and positive), then the class
//   octets 1..6   Unix milliseconds, big endian
//   octets 7..19  104 bits from a CSPRNG
//
// Serials of other formats (imported certificates, questions to OCSP) are held too; `issued_by_us`
// tells them apart.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace mayfly::x509 {

constexpr size_t kSerialOctetsMax = 20;

// What expires together lies together: a partition holds one class and one span of time.
enum class LifetimeClass : uint8_t {
  kUpTo7Days = 1,
  kUpTo100Days = 2,
  kLonger = 3,
};
LifetimeClass LifetimeClassOf(Seconds lifetime);

class SerialNumber {
 public:
  static SerialNumber Make(LifetimeClass lifetime_class, TimePoint now, RandomSource& random);
  // The contents of a DER INTEGER: positive, minimal, at most 20 octets. Rules "serial.*".
  static Result<SerialNumber> FromIntegerContents(ByteSpan contents);
  // Lower- or upper-case hex, an even number of digits, no separators.
  static Result<SerialNumber> FromHex(std::string_view hex);

  ByteSpan octets() const {
    return octets_;
  }  // big endian magnitude, first octet < 0x80 or 0x00-led
  std::string Hex() const;  // lower case
  // Class and time, where the serial is of our format; nothing otherwise.
  std::optional<LifetimeClass> lifetime_class() const;
  std::optional<TimePoint> issued_at() const;  // milliseconds precision
  friend auto operator<=>(const SerialNumber&, const SerialNumber&) = default;

 private:
  explicit SerialNumber(Bytes octets) : octets_(std::move(octets)) {}
  Bytes octets_;
};

}  // namespace mayfly::x509
