#include "identity/jwt_verifier.h"

#include <algorithm>
#include <utility>

namespace mayfly::identity {
namespace {

constexpr Milliseconds kRetryAfterMin{1000};

Error KeysUnavailable(const IssuerKeys& keys) {
  Error error = Fail(ErrorCode::kStoreUnavailable, "jwt.keys-unavailable",
                     "the token's key is not here, and its issuer cannot be asked for it now");
  error.retry_after = std::max(keys.RetryAfter(), kRetryAfterMin);
  return error;
}

}  // namespace

JwtVerifier::JwtVerifier(std::vector<TrustedIssuer> issuers, const Clock& clock, Timer& timer,
                         Executor& executor, VerifierLimits limits)
    : clock_(clock), timer_(timer), executor_(executor), limits_(limits) {
  for (TrustedIssuer& issuer : issuers) {
    std::string name = issuer.rules.issuer;
    issuers_.emplace(std::move(name), std::move(issuer));
  }
}

const TrustedIssuer* JwtVerifier::IssuerOf(const UnverifiedToken& token) const {
  const auto found = issuers_.find(token.issuer());
  return found == issuers_.end() ? nullptr : &found->second;
}

bool JwtVerifier::HasKeyFor(const TrustedIssuer& issuer, const UnverifiedToken& token,
                            policy::JwsAlgorithm algorithm) const {
  const auto keys = issuer.keys->Current();
  return keys && keys->Find(token.jws().key_id(), algorithm) != nullptr;
}

Task<IssuerKeys::Outcome> JwtVerifier::FetchKeys(const TrustedIssuer& issuer) const {
  const Completion<IssuerKeys::Outcome> fetched(executor_);
  issuer.keys->Refresh([fetched](IssuerKeys::Outcome outcome) { fetched.Set(outcome); });
  if (!fetched.IsSet()) {
    timer_.At(clock_.BootNow() + limits_.keys_wait_max,
              [fetched] { fetched.Set(IssuerKeys::Outcome::kNotFetched); });
  }
  const IssuerKeys::Outcome outcome = co_await fetched.Wait();
  co_return outcome;
}

Task<Result<VerifiedToken>> JwtVerifier::Verify(std::string token, TimePoint now) const {
  CO_TRY_ASSIGN(const UnverifiedToken read, UnverifiedToken::Parse(token, limits_.token_bytes_max));
  const TrustedIssuer* issuer = IssuerOf(read);
  if (issuer == nullptr) {
    co_return Fail(ErrorCode::kUnauthenticated, "jwt.issuer",
                   "the token is of an issuer that is not configured");
  }
  // What needs no key comes first: a token that is wrong anyway makes nobody ask the issuer.
  CO_TRY_ASSIGN(const policy::JwsAlgorithm algorithm, AlgorithmOf(read, issuer->rules));
  CO_TRY(ReadClaims(read, issuer->rules, now));
  if (!HasKeyFor(*issuer, read, algorithm)) {
    const IssuerKeys::Outcome outcome = co_await FetchKeys(*issuer);
    const bool may_exist = outcome != IssuerKeys::Outcome::kFetched;
    if (may_exist && !HasKeyFor(*issuer, read, algorithm)) co_return KeysUnavailable(*issuer->keys);
  }
  const auto keys = issuer->keys->Current();
  if (!keys) co_return KeysUnavailable(*issuer->keys);
  co_return VerifyWith(read, issuer->rules, *keys, now);
}

}  // namespace mayfly::identity
