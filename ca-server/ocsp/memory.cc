#include "ocsp/memory.h"

#include <algorithm>
#include <utility>

namespace mayfly::ocsp {

GoodSigning::GoodSigning(GoodSigning&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), id_(other.id_), deadline_(other.deadline_) {}

GoodSigning::~GoodSigning() {
  if (memory_) memory_->End(id_);
}

bool GoodSigning::Release(CertIdForm form, std::optional<CachedAnswer> cached) {
  return memory_->Release(id_, form, std::move(cached));
}

void ResponderMemory::Apply(const std::vector<Revocation>& page) {
  std::lock_guard lock(mutex_);
  for (const Revocation& revocation : page) {
    RememberLocked(revocation);
    applied_ = std::max(applied_, revocation.number);
  }
}

void ResponderMemory::Remember(const Revocation& revocation) {
  std::lock_guard lock(mutex_);
  RememberLocked(revocation);
}

void ResponderMemory::RememberLocked(const Revocation& revocation) {
  bool is_new = revoked_.emplace(revocation.key, revocation).second;
  if (is_new) cache_.Kill(revocation.key);
  for (auto& [id, signing] : under_way_) {
    if (signing.key == revocation.key) signing.invalidated = true;
  }
}

void ResponderMemory::AwaitInvalidated() {
  // A deadline passes on the Clock, which no condition variable knows: look again now and then.
  constexpr Milliseconds kLookAgain{10};
  std::unique_lock lock(mutex_);
  while (InvalidatedUnderWayLocked()) ended_.wait_for(lock, kLookAgain);
}

bool ResponderMemory::InvalidatedUnderWayLocked() const {
  BootTime now = clock_.BootNow();
  return std::any_of(under_way_.begin(), under_way_.end(), [now](const auto& item) {
    return item.second.invalidated && now < item.second.deadline;
  });
}

void ResponderMemory::RenewLease(BootTime end) {
  std::lock_guard lock(mutex_);
  lease_end_ = end;
}

void ResponderMemory::EndLease() {
  std::lock_guard lock(mutex_);
  lease_end_.reset();
  for (auto& [id, signing] : under_way_) signing.invalidated = true;
}

uint64_t ResponderMemory::applied() const {
  std::lock_guard lock(mutex_);
  return applied_;
}

void ResponderMemory::Purge(TimePoint database_now) {
  std::lock_guard lock(mutex_);
  const TimePoint oldest = database_now - kRevocationKeptAfterExpiry;
  std::erase_if(issued_, [oldest](const auto& item) { return item.second < oldest; });
  std::erase_if(issued_order_, [this](const auto& key) { return !issued_.contains(key); });
  std::erase_if(revoked_, [oldest](const auto& item) { return item.second.not_after < oldest; });
}

std::optional<Revocation> ResponderMemory::RevocationOf(const CertificateKey& key) const {
  std::lock_guard lock(mutex_);
  auto found = revoked_.find(key);
  if (found == revoked_.end()) return std::nullopt;
  return found->second;
}

void ResponderMemory::RememberIssued(const CertificateKey& key, TimePoint not_after) {
  std::lock_guard lock(mutex_);
  if (!issued_.emplace(key, not_after).second) return;
  issued_order_.push_back(key);
  if (issued_order_.size() <= kIssuedRememberedMax) return;
  issued_.erase(issued_order_.front());
  issued_order_.pop_front();
}

std::optional<TimePoint> ResponderMemory::IssuedUntil(const CertificateKey& key) const {
  std::lock_guard lock(mutex_);
  auto found = issued_.find(key);
  if (found == issued_.end()) return std::nullopt;
  return found->second;
}

bool ResponderMemory::LeaseHolds() const {
  std::lock_guard lock(mutex_);
  return LeaseHoldsLocked();
}

bool ResponderMemory::LeaseHoldsLocked() const {
  return lease_end_ && clock_.BootNow() < *lease_end_;
}

std::optional<CachedAnswer> ResponderMemory::Find(const CertificateKey& key,
                                                  CertIdForm form) const {
  std::lock_guard lock(mutex_);
  const CachedAnswer* answer = cache_.Find(key, form, clock_.BootNow());
  if (!answer || (!revoked_.contains(key) && !LeaseHoldsLocked())) return std::nullopt;
  return *answer;
}

std::optional<GoodSigning> ResponderMemory::BeginGood(const CertificateKey& key,
                                                      BootTime deadline) {
  std::lock_guard lock(mutex_);
  if (!lease_end_ || revoked_.contains(key)) return std::nullopt;
  BootTime end = std::min(deadline, *lease_end_);
  if (clock_.BootNow() + kSigningTimeMin > end) return std::nullopt;
  uint64_t id = next_id_++;
  under_way_.emplace(id, UnderWay{.key = key, .deadline = end});
  return GoodSigning(*this, id, end);
}

bool ResponderMemory::Release(uint64_t id, CertIdForm form, std::optional<CachedAnswer> cached) {
  std::lock_guard lock(mutex_);
  const UnderWay& signing = under_way_.at(id);
  if (signing.invalidated || !LeaseHoldsLocked()) return false;
  if (cached) cache_.Put(signing.key, form, *std::move(cached));
  return true;
}

void ResponderMemory::End(uint64_t id) {
  {
    std::lock_guard lock(mutex_);
    under_way_.erase(id);
  }
  ended_.notify_all();
}

void ResponderMemory::CacheRevoked(const CertificateKey& key, CertIdForm form,
                                   CachedAnswer answer) {
  std::lock_guard lock(mutex_);
  // Only beside its revocation: an answer without one would be taken for a `good`.
  if (revoked_.contains(key)) cache_.Put(key, form, std::move(answer));
}

void ResponderMemory::ClearCache() {
  std::lock_guard lock(mutex_);
  cache_.Clear();
}

}  // namespace mayfly::ocsp
