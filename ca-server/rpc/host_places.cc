#include "rpc/host_places.h"

#include <utility>

namespace mayfly::rpc {

std::string HostOf(std::string_view peer) { return std::string(peer.substr(0, peer.rfind(':'))); }

std::optional<HostPlaces::Place> HostPlaces::Take(std::string host) {
  std::lock_guard lock(mutex_);
  size_t& count = in_flight_[host];
  if (count >= host_max_) return std::nullopt;
  ++count;
  return Place(*this, std::move(host));
}

void HostPlaces::GiveBack(const std::string& host) {
  std::lock_guard lock(mutex_);
  const auto found = in_flight_.find(host);
  if (--found->second == 0) in_flight_.erase(found);
}

}  // namespace mayfly::rpc
