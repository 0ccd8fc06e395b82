// The certificates that a TLS server shows, by a plain handshake that believes nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace mayfly::client {

constexpr uint16_t kHttpsPort = 443;

struct HttpsTarget {
  std::string host;  // without brackets
  std::string port;
  bool is_address;  // an IP address: no SNI is sent (RFC 6066 3)
};
// "https://host", "https://host:port", "https://[v6]:port"; a path is ignored.
// Error: kInvalidArgument "cli.url".
Result<HttpsTarget> ParseHttps(std::string_view url);

// DER, the server's own first, as it sent them. Servers that refuse us for want of a client
// certificate show theirs all the same.
// Errors: kShuttingDown "tls.resolve", "tls.connect", "tls.handshake"; kDeadlineExceeded
// "tls.deadline".
Result<std::vector<Bytes>> FetchPeerCertificates(const HttpsTarget& target, Milliseconds allowed,
                                                 const Clock& clock);

}  // namespace mayfly::client
