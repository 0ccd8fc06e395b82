#include "rpc/host_places.h"

#include <string_view>
#include <utility>

#include "net/client_address.h"

namespace mayfly::rpc {
namespace {

// "ipv6:%5B::1%5D:51234" -> "::1"
std::string_view IpOf(std::string_view peer) {
  const auto drop = [&](std::string_view prefix, std::string_view suffix) {
    if (peer.starts_with(prefix)) peer.remove_prefix(prefix.size());
    if (peer.ends_with(suffix)) peer.remove_suffix(suffix.size());
  };
  peer = peer.substr(0, peer.rfind(':'));
  drop("ipv4:", "");
  drop("ipv6:", "");
  drop("%5B", "%5D");
  return peer;
}

}  // namespace

std::string HostOf(const std::string& peer) {
  boost::system::error_code unreadable;
  const auto ip = boost::asio::ip::make_address(IpOf(peer), unreadable);
  return unreadable ? peer : net::ClientAddress(ip);
}

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
