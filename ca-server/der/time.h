// UTCTime and GeneralizedTime in the one form that RFC 5280 4.1.2.5 leaves: seconds, and Z.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::der {

// RFC 5280 4.1.2.5: these years are UTCTime, all others GeneralizedTime.
constexpr int kUtcTimeYearMin = 1950;
constexpr int kUtcTimeYearMax = 2049;
constexpr bool IsUtcTimeYear(int year) {
  return year >= kUtcTimeYearMin && year <= kUtcTimeYearMax;
}

int YearOf(TimePoint time);

// "20261231235959Z"; what is below a second is cut. For years 0..9999.
std::string FormatGeneralizedTime(TimePoint time);
// "YYYYMMDDHHMMSSZ" and "YYMMDDHHMMSSZ", dates that exist, no leap second. Rule "der.time".
Result<TimePoint> ParseGeneralizedTime(std::string_view text);
Result<TimePoint> ParseUtcTime(std::string_view text);

}  // namespace mayfly::der
