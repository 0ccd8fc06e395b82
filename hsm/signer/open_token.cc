#include "hsm/signer/open_token.h"

#include "hsm/signer/sandbox.h"

namespace mayfly::hsm {

Result<std::unique_ptr<TokenSession>> OpenToken(const SignerProcessConfig& config,
                                                const TokenName& name, SessionMode mode,
                                                RandomSource& random) {
  if (!config.network) TRY(ForbidNetwork());
  return TokenSession::Open(
      {config.module, config.pin_file, config.state_directory, config.start_limit}, name, mode,
      random);
}

}  // namespace mayfly::hsm
