// "127.0.0.1:7443", "[::1]:7443", "localhost:7443"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::config {

struct ListenerAddress {
  std::string host;  // in normal form, without brackets
  uint16_t port;
};

// Errors: kConfiguration "config.address".
Result<ListenerAddress> ParseListenerAddress(std::string_view text);

}  // namespace mayfly::config
