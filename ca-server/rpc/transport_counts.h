// What gRPC's transport has counted of a server (channelz), the moment it happens: also of calls
// that reach no handler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mayfly::rpc {

struct StreamCounts {
  uint64_t begun = 0;  // ever
  uint64_t open = 0;   // a stream that was reset is open until gRPC comes to it
};

// The one that was started last in this process; 0: there is none.
int64_t NewestServer();

// Of its calls.
StreamCounts CountsOfServer(int64_t server);

struct TransportSocket {
  int64_t id;        // grows
  std::string peer;  // "ipv4:10.0.0.7:51234"
};
// Oldest first. Some 2 us for each.
std::vector<TransportSocket> SocketsOfServer(int64_t server);

// Some 50 us. Zeros where it is gone meanwhile.
StreamCounts CountsOfSocket(int64_t socket);

}  // namespace mayfly::rpc
