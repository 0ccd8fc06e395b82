#include "issuance/peer_cache.h"

namespace mayfly::issuance {

std::optional<KnownPeer> PeerCache::Find(const Hash256& fingerprint) const {
  std::lock_guard lock(mutex_);
  auto found = peers_.find(fingerprint);
  if (found == peers_.end()) return std::nullopt;
  return found->second;
}

void PeerCache::Put(const Hash256& fingerprint, KnownPeer peer) {
  std::lock_guard lock(mutex_);
  if (!peers_.emplace(fingerprint, std::move(peer)).second) return;
  order_.push_back(fingerprint);
  if (order_.size() <= kPeersMax) return;
  peers_.erase(order_.front());
  order_.pop_front();
}

}  // namespace mayfly::issuance
