// Token buckets by key, in the memory of this replica. Bounded: the key that was looked at longest
// ago is forgotten, and begins again with a full bucket.
#pragma once

#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace mayfly::issuance {

constexpr size_t kRateKeysMax = 65'536;

class RateLimiter {
 public:
  explicit RateLimiter(const Clock& clock) : clock_(clock) {}

  // Takes one of `count` in `per`, which may all come at once. Nothing: taken; else how long until
  // the next.
  std::optional<Milliseconds> Take(const std::string& key, uint32_t count, Seconds per);
  // One that was taken and is not to count.
  void GiveBack(const std::string& key, uint32_t count);

 private:
  struct Bucket {
    double tokens;
    BootTime filled_at;
    std::list<std::string>::iterator place;  // in used_
  };
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
  std::list<std::string> used_;  // the latest first
};

}  // namespace mayfly::issuance
