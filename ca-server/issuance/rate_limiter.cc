#include "issuance/rate_limiter.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace mayfly::issuance {

std::optional<Milliseconds> RateLimiter::Take(const std::string& key, uint32_t count, Seconds per) {
  const double tokens_max = count;
  const double tokens_per_ms = tokens_max / static_cast<double>(Milliseconds(per).count());
  std::lock_guard lock(mutex_);
  const BootTime now = clock_.BootNow();
  auto [found, is_new] = buckets_.try_emplace(key, Bucket{tokens_max, now, used_.end()});
  Bucket& bucket = found->second;
  if (!is_new) used_.erase(bucket.place);
  bucket.place = used_.insert(used_.begin(), key);
  if (buckets_.size() > kRateKeysMax) {
    buckets_.erase(used_.back());
    used_.pop_back();
  }
  const auto passed = std::chrono::duration<double, std::milli>(now - bucket.filled_at).count();
  bucket.tokens = std::min(tokens_max, bucket.tokens + passed * tokens_per_ms);
  bucket.filled_at = now;
  if (bucket.tokens < 1) {
    return Milliseconds(static_cast<int64_t>(std::ceil((1 - bucket.tokens) / tokens_per_ms)));
  }
  bucket.tokens -= 1;
  return std::nullopt;
}

void RateLimiter::GiveBack(const std::string& key, uint32_t count) {
  std::lock_guard lock(mutex_);
  const auto bucket = buckets_.find(key);
  if (bucket == buckets_.end()) return;
  bucket->second.tokens = std::min<double>(count, bucket->second.tokens + 1);
}

}  // namespace mayfly::issuance
