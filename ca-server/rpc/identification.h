// Who calls: the one credential of a call becomes a principal.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "policy/principal.h"
#include "rpc/callers.h"
#include "rpc/use_cases.h"
#include "x509/presented_chain.h"

namespace grpc {
class CallbackServerContext;
}

namespace mayfly::rpc {

// Whom a JWT proves. Errors: kUnauthenticated "jwt.*", kStoreUnavailable "jwt.keys-unavailable".
using JwtCheck = std::function<Task<Result<policy::Principal>>(std::string token)>;

// Whom a certificate of a foreign CA proves, as of now; nothing where it is of none of them.
// Errors: kUnauthenticated "peer.*", "key.*", kStoreUnavailable "peer.crl".
using ForeignCheck =
    std::function<std::optional<Result<policy::Principal>>(const x509::PresentedChain& chain)>;

struct IdentificationParts {
  Callers callers;
  UseCases& use_cases;
  JwtCheck check_jwt;
  ForeignCheck check_foreign;  // null: there are none
};

// On a listener with client certificates the certificate, of a foreign CA's or ours, and nothing
// beside it; on the other kind
// what "authorization: Bearer TOKEN" says, and nobody (policy::ProofOfIdentity::kNobody) where
// there is none. A token that is no good is refused, also where nobody would be let in. Errors:
// those of PeerCertificate, UseCases::Identify and ForeignCheck; of the token's kind;
// kUnauthenticated "peer.authorization" (not one bearer token), "peer.two-credentials" (a token
// beside a certificate).
Task<Result<policy::Principal>> IdentifyCaller(const IdentificationParts& parts,
                                               const grpc::CallbackServerContext& context,
                                               BootTime deadline);

// The token in the value of an authorization header (RFC 6750 2.1). Public for its tests.
Result<std::string> ReadBearer(std::string_view value);

}  // namespace mayfly::rpc
