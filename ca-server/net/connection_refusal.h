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
};
constexpr ConnectionRefusal kConnectionRefusals[] = {ConnectionRefusal::kFull,
                                                     ConnectionRefusal::kAddress};
// "full", "address"
constexpr std::string_view ConnectionRefusalName(ConnectionRefusal refusal) {
  return refusal == ConnectionRefusal::kFull ? "full" : "address";
}
// Any thread. `address` as net::ClientAddress.
using OnConnectionRefused = std::function<void(ConnectionRefusal, const std::string& address)>;

// An address may have so many times less than all connections.
constexpr size_t kConnectionsShare = 4;
constexpr size_t AddressShare(size_t connections_max) {
  return std::max<size_t>(connections_max / kConnectionsShare, 1);
}

}  // namespace mayfly::net
