// Who is at the other end of the TLS connection.
#pragma once

#include "base/result.h"
#include "x509/certificate.h"
#include "x509/presented_chain.h"

namespace grpc {
class AuthContext;
}

namespace mayfly::rpc {

// The peer's own certificate. That its chain is good and its validity current was the handshake's
// work (server.h requires and verifies); that it may still be used is the ledger's.
// Errors: kUnauthenticated "peer.certificate" (none, or not one that we could have issued),
// "peer.purpose" (its extendedKeyUsage lacks clientAuth).
Result<x509::Certificate> PeerCertificate(const grpc::AuthContext& context);

// All that the peer showed, whoever issued it. Error: kUnauthenticated "peer.certificate" (none, or
// it cannot be read).
Result<x509::PresentedChain> PeerChain(const grpc::AuthContext& context);

// The rule "peer.purpose" alone.
Status RequireClientAuth(const x509::Certificate& certificate);

}  // namespace mayfly::rpc
