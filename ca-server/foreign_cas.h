// From the [[foreign_ca]] sections to CAs whose client certificates are taken beside ours.
#pragma once

#include <memory>
#include <string>

#include "identity/foreign_cas.h"
#include "wiring.h"

namespace mayfly {

// Null where the configuration has none. Error: kConfiguration "foreign-ca.own-root" (one of them
// has a key of our own CAs).
Result<std::unique_ptr<identity::ForeignCas>> TrustForeignCas(const Wiring& wiring);

// The roots that vouch for client certificates in the handshake, PEM: ours and theirs.
std::string ClientRootsPem(const Wiring& wiring);

}  // namespace mayfly
