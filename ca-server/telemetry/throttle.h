// Throttle: of lines that strangers decide the number of, one in a while for each key.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace mayfly::telemetry {

constexpr size_t kThrottleKeysMax = 4096;

class Throttle {
 public:
  // `clock` must outlive it.
  Throttle(const Clock& clock, Seconds every) : clock_(clock), every_(every) {}

  // The number of those that were held back since the last of `key` that passed; nothing where this
  // one is held back. Any thread. Of keys beyond kThrottleKeysMax that passed within `every`, all
  // are held back; who was silent for longer is forgotten then, with their count.
  std::optional<uint64_t> Pass(std::string_view key);

 private:
  struct Line {
    BootTime passed_at;
    uint64_t held_back = 0;
  };
  const Clock& clock_;
  const Seconds every_;
  std::mutex mutex_;
  std::map<std::string, Line, std::less<>> lines_;
};

}  // namespace mayfly::telemetry
