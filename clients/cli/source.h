// The certificate that a target names, wherever it is.
#pragma once

#include "clients/cli/invocation.h"
#include "clients/cli/render.h"

namespace mayfly::cli {

// From a file (nobody is asked), a TLS server, or the CA.
// Errors: those of target.h, certificate_facts.h, tls_peer.h and client.h.
Result<Shown> Obtain(const Invocation& invocation, const std::string& target);

}  // namespace mayfly::cli
