#include "telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/bytes.h"
#include "telemetry/throttle.h"

namespace mayfly::telemetry {
namespace {

constexpr size_t kValueBytesMax = 1024;

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

bool NeedsQuotes(std::string_view value) {
  return value.find_first_of(" =\"") != std::string_view::npos;
}

void Append(std::string& line, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  line += ' ';
  line += key;
  line += '=';
  std::string safe = Escape(value, kValueBytesMax);
  if (!NeedsQuotes(safe)) {
    line += safe;
    return;
  }
  line += '"';
  for (char c : safe) {
    if (c == '"') line += '\\';
    line += c;
  }
  line += '"';
}

}  // namespace

void StartLogging(std::string_view program) {
  auto logger = spdlog::stderr_logger_mt(std::string(program));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v", spdlog::pattern_time_type::utc);
  // A log that cannot be written never blocks issuing and never ends the process.
  logger->set_error_handler([](const std::string&) {});
  spdlog::set_default_logger(logger);
  spdlog::flush_on(spdlog::level::debug);
}

void Log(Level level, std::string_view event, Fields fields) {
  std::string line(event);
  for (const Field& field : fields) Append(line, field.key, field.value);
  spdlog::log(ToSpdlog(level), "{}", line);
}

void LogFailure(std::string_view event, const Error& error, Fields fields) {
  std::string line(event);
  for (const Field& field : fields) Append(line, field.key, field.value);
  Append(line, "error", Describe(error, ErrorText::kForLog));
  spdlog::log(spdlog::level::warn, "{}", line);
}

void LogHeldBack(Throttle& throttle) {
  for (const auto& [like, count] : throttle.TakeHeldBack()) {
    LogWarning("not logged", {{"like", like}, {"count", count}});
  }
}

}  // namespace mayfly::telemetry
