#include "x509/validity.h"

namespace mayfly::x509 {
namespace {

using std::chrono::sys_days;

// RFC 5280 4.1.2.5: UTCTime begins with 1950, GeneralizedTime ends with 99991231235959Z.
constexpr TimePoint kEarliest = sys_days(std::chrono::January / 1 / 1950);
constexpr TimePoint kLatest = sys_days(std::chrono::December / 31 / 9999) + Seconds(86399);
constexpr Seconds kLongest = std::chrono::duration_cast<Seconds>(kLatest - kEarliest) + Seconds(1);

Error Bad(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

bool InRange(TimePoint time) { return time >= kEarliest && time < kLatest + Seconds(1); }

}  // namespace

Result<Validity> Validity::Between(TimePoint not_before, TimePoint not_after) {
  if (!InRange(not_before) || !InRange(not_after)) {
    return Bad("validity.range", "both ends lie in the years 1950 to 9999");
  }
  TimePoint first = std::chrono::floor<Seconds>(not_before);
  TimePoint last = std::chrono::floor<Seconds>(not_after);
  if (last < first) return Bad("validity.order", "notAfter lies before notBefore");
  return Validity(first, last);
}

Result<Validity> Validity::For(TimePoint not_before, Seconds lifetime) {
  if (lifetime < Seconds(1)) return Bad("validity.lifetime", "a lifetime is at least one second");
  // Compared in seconds, before it is added: microseconds of a long lifetime overflow.
  if (!InRange(not_before) || lifetime > kLongest) {
    return Bad("validity.range", "both ends lie in the years 1950 to 9999");
  }
  return Between(not_before, not_before + lifetime - Seconds(1));
}

Seconds Validity::lifetime() const {
  return std::chrono::duration_cast<Seconds>(not_after_ - not_before_) + Seconds(1);
}

bool Validity::Covers(TimePoint when) const {
  return when >= not_before_ && when < not_after_ + Seconds(1);
}

}  // namespace mayfly::x509
