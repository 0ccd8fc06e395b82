// How the callers of a listener come. Nothing in between: a certificate that is asked for and not
// demanded would be taken from anybody.
#pragma once

#include <cstdint>

namespace mayfly::rpc {

enum class Callers : uint8_t {
  kWithCertificate,     // mutual TLS: who has none of ours or a foreign CA's fails in the handshake
  kWithoutCertificate,  // TLS of the server alone: a call brings a token, or nothing
};

}  // namespace mayfly::rpc
