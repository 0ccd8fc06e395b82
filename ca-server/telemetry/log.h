// Structured logs: one line an event, logfmt, on stderr.
//
//   2026-01-02T03:04:05.678Z info issued serial=21.. profile=server duration_ms=12.3
//
// Fields without a value are left out. Logged once, at the edge. Values from outside are escaped
// here; secrets have no way in, since SecretBytes is not text.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace mayfly::telemetry {

class Throttle;

struct Field {
  Field(std::string_view key, std::string_view value) : key(key), value(value) {}
  Field(std::string_view key, const char* value) : key(key), value(value) {}
  Field(std::string_view key, const std::string& value) : key(key), value(value) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view key, Number number) : key(key), value(std::to_string(number)) {}
  std::string_view key;
  std::string value;
};
using Fields = std::initializer_list<Field>;

enum class Level { kDebug, kInfo, kWarning, kError };

// Once, at the start of main. `program` leads every line.
void StartLogging(std::string_view program);

void Log(Level level, std::string_view event, Fields fields = {});
inline void LogInfo(std::string_view event, Fields fields = {}) {
  Log(Level::kInfo, event, fields);
}
inline void LogWarning(std::string_view event, Fields fields = {}) {
  Log(Level::kWarning, event, fields);
}
// With everything that the operator may see of the error.
void LogFailure(std::string_view event, const Error& error, Fields fields = {});
// What was not logged and no later line has said.
void LogHeldBack(Throttle& throttle);

}  // namespace mayfly::telemetry
