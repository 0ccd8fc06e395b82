// Throttle: of lines that strangers decide the number of, one in a while for each key.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace mayfly::telemetry {

constexpr size_t kThrottleKeysMax = 4096;
constexpr char kOtherKeys[] = "others";

// What Pass gives, as the field "like_it_not_logged": "" for none, so that the field is left out.
std::string NotLogged(uint64_t held_back);

class Throttle {
 public:
  // `clock` must outlive it.
  Throttle(const Clock& clock, Seconds every) : clock_(clock), every_(every) {}

  // The number of those that were held back since the last of `key` that passed; nothing where this
  // one is held back. Any thread. Of keys beyond kThrottleKeysMax all are held back.
  std::optional<uint64_t> Pass(std::string_view key);

  // To be called once in a while: how many were held back of those keys of which none has passed
  // for `every`, and, as kOtherKeys, of keys beyond kThrottleKeysMax. They are forgotten. Any
  // thread.
  std::vector<std::pair<std::string, uint64_t>> TakeHeldBack();

 private:
  struct Line {
    BootTime passed_at;
    uint64_t held_back = 0;
  };
  const Clock& clock_;
  const Seconds every_;
  std::mutex mutex_;
  std::map<std::string, Line, std::less<>> lines_;
  uint64_t others_held_back_ = 0;
};

}  // namespace mayfly::telemetry
