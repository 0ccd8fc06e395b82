// JwksSource: where the keys of an issuer are read from.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "identity/jwk_set.h"

namespace mayfly::identity {

struct FetchedKeys {
  std::shared_ptr<const JwkSet> keys;
  std::optional<Seconds> max_age;  // as the source says how long they are fresh
};

class JwksSource {
 public:
  virtual ~JwksSource() = default;
  // The keys as they are now. May take seconds: it is called on a thread of its own (IssuerKeys),
  // by one caller at a time; when `cancelled` becomes true it gives up soon. Errors:
  // kStoreUnavailable where trying again may help, else kInvalidArgument; rules "jwks.*".
  virtual Result<FetchedKeys> Fetch(const std::atomic<bool>& cancelled) = 0;
};

}  // namespace mayfly::identity
