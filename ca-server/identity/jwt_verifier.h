// JwtVerifier: a bearer token becomes the proof of an identity.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/task.h"
#include "identity/issuer_keys.h"
#include "identity/token.h"

namespace mayfly::identity {

struct VerifierLimits {
  size_t token_bytes_max = kTokenBytesMaxDefault;
  // How long a token whose key we do not have waits for a fetch of the keys.
  Milliseconds keys_wait_max{3000};
};

struct TrustedIssuer {
  policy::TokenIssuer rules;
  std::unique_ptr<IssuerKeys> keys;
};

class JwtVerifier {
 public:
  // No two issuers have one "iss". What is passed by reference must outlive this, and this every
  // Verify.
  JwtVerifier(std::vector<TrustedIssuer> issuers, const Clock& clock, Timer& timer,
              Executor& executor, VerifierLimits limits = {});

  // Blocks no thread: where the key is not there, it waits for keys_wait_max at most while they are
  // fetched, and goes on on the executor. Errors: kUnauthenticated with the rules of token.h;
  // kStoreUnavailable "jwt.keys-unavailable", with the time after which to come again, where the
  // key may exist but could not be asked for (its issuer is away, or has just been asked).
  Task<Result<VerifiedToken>> Verify(std::string token, TimePoint now) const;

 private:
  const TrustedIssuer* IssuerOf(const UnverifiedToken& token) const;
  bool HasKeyFor(const TrustedIssuer& issuer, const UnverifiedToken& token,
                 policy::JwsAlgorithm algorithm) const;
  Task<IssuerKeys::Outcome> FetchKeys(const TrustedIssuer& issuer) const;

  std::map<std::string, TrustedIssuer> issuers_;  // by "iss"
  const Clock& clock_;
  Timer& timer_;
  Executor& executor_;
  VerifierLimits limits_;
};

}  // namespace mayfly::identity
