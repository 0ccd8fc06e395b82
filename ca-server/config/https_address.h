// Addresses that the server asks over HTTPS.
#pragma once

#include <string_view>

namespace mayfly::config {

// An https:// URL with a host, without user information, query or fragment.
bool IsHttpsAddress(std::string_view text);

}  // namespace mayfly::config
