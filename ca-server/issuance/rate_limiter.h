// Token buckets by key, in the memory of this replica. Bounded: the key that was looked at longest
// ago is forgotten, and begins again with a full bucket.
#pragma once

#include <list>
#include <map>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/uuid.h"

namespace mayfly::issuance {

constexpr size_t kRateKeysMax = 65'536;

class RateLimiter {
 public:
  explicit RateLimiter(const Clock& clock) : clock_(clock) {}

  // Takes one of `per_hour`, which may all come at once. Nothing: taken; else when the next may be.
  std::optional<Milliseconds> Take(const Uuid& key, uint32_t per_hour);

 private:
  struct Bucket {
    double tokens;
    BootTime filled_at;
    std::list<Uuid>::iterator place;  // in used_
  };
  const Clock& clock_;
  std::mutex mutex_;
  std::map<Uuid, Bucket> buckets_;
  std::list<Uuid> used_;  // the latest first
};

}  // namespace mayfly::issuance
