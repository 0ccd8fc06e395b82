#include "net/client_address.h"

#include <algorithm>

namespace mayfly::net {
namespace {

namespace ip = boost::asio::ip;

constexpr size_t kNetworkBytes = 8;

}  // namespace

ip::address Unmapped(const ip::address& ip) {
  if (ip.is_v4() || !ip.to_v6().is_v4_mapped()) return ip;
  return ip::make_address_v4(ip::v4_mapped, ip.to_v6());
}

std::string ClientAddress(const ip::address& ip) {
  const ip::address unmapped = Unmapped(ip);
  if (unmapped.is_v4()) return unmapped.to_string();
  auto bytes = unmapped.to_v6().to_bytes();
  std::fill(bytes.begin() + kNetworkBytes, bytes.end(), 0);
  return ip::address_v6(bytes).to_string() + "/64";
}

std::optional<std::string> ClientAddressOf(const ip::tcp::socket& socket) {
  boost::system::error_code gone;
  const ip::tcp::endpoint end = socket.remote_endpoint(gone);
  if (gone) return std::nullopt;
  return ClientAddress(end.address());
}

void Reset(ip::tcp::socket socket) {
  boost::system::error_code ignored;
  socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
}

}  // namespace mayfly::net
