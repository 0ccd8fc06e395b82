// Where a server listens.
#pragma once

#include <cstdint>
#include <string>

namespace mayfly::net {

struct ListenAddress {
  std::string host;  // an IP address, or "localhost" (127.0.0.1); "::" is every one, IPv4 too
  uint16_t port;     // 0: any that is free
};

}  // namespace mayfly::net
