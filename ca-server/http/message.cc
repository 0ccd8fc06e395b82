#include "http/message.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace mayfly::http {

HttpResponse PlainText(unsigned status, std::string_view message) {
  Bytes body = ToBytes(AsBytes(message));
  body.push_back('\n');
  return {status, "text/plain; charset=utf-8", {{"Cache-Control", "no-store"}}, std::move(body)};
}

HttpResponse MethodNotAllowed(std::string_view allowed) {
  HttpResponse response = PlainText(405, "method not allowed; use " + std::string(allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

std::string HttpDate(TimePoint when) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto day = std::chrono::floor<std::chrono::days>(when);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss time(std::chrono::floor<Seconds>(when - day));
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace mayfly::http
