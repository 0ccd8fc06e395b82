// Why a connection is not taken, and how many of a listener's one address may have.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace mayfly::net {

enum class ConnectionRefusal : uint8_t {
  kFull,     // so many are open
  kAddress,  // so many of this address are
  kFlood,    // one of this address was cut off a moment ago: it flooded
};
constexpr ConnectionRefusal kConnectionRefusals[] = {
    ConnectionRefusal::kFull, ConnectionRefusal::kAddress, ConnectionRefusal::kFlood};
// "full", "address", "flood"
constexpr std::string_view ConnectionRefusalName(ConnectionRefusal refusal) {
  constexpr std::string_view kNames[] = {"full", "address", "flood"};
  return kNames[static_cast<size_t>(refusal)];
}
// Any thread. `address` as net::ClientAddress.
using OnConnectionRefused = std::function<void(ConnectionRefusal, const std::string& address)>;

// An address may have so many times less than all connections.
constexpr size_t kConnectionsShare = 4;
constexpr size_t AddressShare(size_t connections_max) {
  return std::max<size_t>(connections_max / kConnectionsShare, 1);
}

}  // namespace mayfly::net
