// Who calls: the one credential of a call becomes a principal.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "policy/principal.h"
#include "rpc/callers.h"
#include "rpc/use_cases.h"

namespace grpc {
class CallbackServerContext;
}

namespace mayfly::rpc {

// Whom a JWT proves. Errors: kUnauthenticated "jwt.*", kStoreUnavailable "jwt.keys-unavailable".
using JwtCheck = std::function<Task<Result<policy::Principal>>(std::string token)>;

struct IdentificationParts {
  Callers callers;
  UseCases& use_cases;
  JwtCheck check_jwt;
};

// On a listener with client certificates the certificate, and nothing beside it; on the other kind
// what "authorization: Bearer TOKEN" says, and nobody (policy::ProofOfIdentity::kNobody) where
// there is none. A token that is no good is refused, also where nobody would be let in. Errors:
// those of PeerCertificate and UseCases::Identify; of the token's kind; kUnauthenticated
// "peer.authorization" (not one bearer token), "peer.two-credentials" (a token beside a
// certificate).
Task<Result<policy::Principal>> IdentifyCaller(const IdentificationParts& parts,
                                               const grpc::CallbackServerContext& context,
                                               BootTime deadline);

// The token in the value of an authorization header (RFC 6750 2.1). Public for its tests.
Result<std::string> ReadBearer(std::string_view value);

}  // namespace mayfly::rpc
