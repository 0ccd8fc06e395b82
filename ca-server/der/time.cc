#include "der/time.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace mayfly::der {
namespace {

constexpr std::string_view kGeneralizedTimeForm = "YYYYMMDDHHMMSSZ";

Error BadTime(std::string message) {
  return Fail(ErrorCode::kBadDer, "der.time", std::move(message));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int Number(std::string_view digits) {
  int value = 0;
  for (char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

void AppendPadded(std::string& out, unsigned value, size_t width) {
  std::string digits = std::to_string(value);
  out.append(width - std::min(width, digits.size()), '0');
  out += digits;
}

std::chrono::year_month_day DateOf(TimePoint time) {
  return std::chrono::floor<std::chrono::days>(time);
}

}  // namespace

int YearOf(TimePoint time) { return static_cast<int>(DateOf(time).year()); }

std::string FormatGeneralizedTime(TimePoint time) {
  std::chrono::year_month_day date = DateOf(time);
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::hh_mm_ss clock(std::chrono::floor<Seconds>(time - day));
  std::string out;
  AppendPadded(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  AppendPadded(out, static_cast<unsigned>(date.month()), 2);
  AppendPadded(out, static_cast<unsigned>(date.day()), 2);
  AppendPadded(out, static_cast<unsigned>(clock.hours().count()), 2);
  AppendPadded(out, static_cast<unsigned>(clock.minutes().count()), 2);
  AppendPadded(out, static_cast<unsigned>(clock.seconds().count()), 2);
  return out + 'Z';
}

Result<TimePoint> ParseGeneralizedTime(std::string_view text) {
  bool shaped = text.size() == kGeneralizedTimeForm.size() && text.back() == 'Z' &&
                std::all_of(text.begin(), text.end() - 1, IsDigit);
  if (!shaped) return BadTime("a time is digits down to the second and then Z");
  std::chrono::year_month_day date{
      std::chrono::year(Number(text.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(Number(text.substr(4, 2)))),
      std::chrono::day(static_cast<unsigned>(Number(text.substr(6, 2))))};
  int hour = Number(text.substr(8, 2));
  int minute = Number(text.substr(10, 2));
  int second = Number(text.substr(12, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
    return BadTime("a time names a moment that does not exist");
  }
  return TimePoint(std::chrono::sys_days(date) + std::chrono::hours(hour) +
                   std::chrono::minutes(minute) + Seconds(second));
}

Result<TimePoint> ParseUtcTime(std::string_view text) {
  if (text.size() + 2 != kGeneralizedTimeForm.size() || !IsDigit(text[0])) {
    return BadTime("a UTCTime is YYMMDDHHMMSSZ");
  }
  // RFC 5280 4.1.2.5.1: 50..99 are 19YY, 00..49 are 20YY.
  return ParseGeneralizedTime((text[0] >= '5' ? "19" : "20") + std::string(text));
}

}  // namespace mayfly::der
