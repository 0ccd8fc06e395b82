// The one way to a token: by the configuration, in a process that has been kept from the network.
#pragma once

#include <memory>

#include "hsm/signer/signer_config.h"
#include "hsm/signer/token.h"

namespace mayfly::hsm {

// Errors: those of TokenSession::Open and ForbidNetwork.
Result<std::unique_ptr<TokenSession>> OpenToken(const SignerProcessConfig& config,
                                                const TokenName& name, SessionMode mode,
                                                RandomSource& random);

}  // namespace mayfly::hsm
