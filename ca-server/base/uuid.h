// UUIDs (RFC 9562): version 7 for request ids and lineages, so that they are ordered by time.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace mayfly {

class Uuid {
 public:
  static Uuid MakeV7(TimePoint now, RandomSource& random);
  // "0190a1b2-...", either case, nothing around it. Rule "uuid.format".
  static Result<Uuid> Parse(std::string_view text);
  static Uuid FromOctets(const std::array<uint8_t, 16>& octets) { return Uuid(octets); }

  const std::array<uint8_t, 16>& octets() const { return octets_; }
  std::string ToString() const;              // lower case
  std::optional<TimePoint> v7_time() const;  // milliseconds; nothing for other versions
  friend auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  explicit Uuid(std::array<uint8_t, 16> octets) : octets_(octets) {}
  std::array<uint8_t, 16> octets_;
};

}  // namespace mayfly
