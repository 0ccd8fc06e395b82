// HostPlaces: how many calls of one address are in flight, for callers of whom no more is known
// yet.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "rpc/place.h"

namespace mayfly::rpc {

// It takes so many addresses to fill a listener without client certificates.
constexpr size_t kHostsMin = 4;

// net::ClientAddress of a peer as gRPC calls it: "10.0.0.7" of "ipv4:10.0.0.7:51234",
// "2001:db8:0:1::/64" of "ipv6:%5B2001:db8:0:1::7%5D:51234"; of another the text as it is.
std::string HostOf(const std::string& peer);

// Must outlive its places. Any thread.
class HostPlaces {
 public:
  explicit HostPlaces(size_t host_max) : host_max_(host_max) {}
  HostPlaces(const HostPlaces&) = delete;

  // A call in flight; it is over when this goes.
  using Place = rpc::Place<HostPlaces>;

  // Nothing: so many of this host are in flight.
  std::optional<Place> Take(std::string host);
  size_t host_max() const { return host_max_; }

 private:
  friend Place;
  void GiveBack(const std::string& host);

  const size_t host_max_;
  std::mutex mutex_;
  std::map<std::string, size_t, std::less<>> in_flight_;  // of those that have any
};

}  // namespace mayfly::rpc
