// Who may call what: the declarations of the proto (access.proto), enforced here and nowhere else.
// A handler takes a Caller, and only Admit makes one, so that none can be reached around it. Which
// of the objects that a request names a caller may see or change is the use cases' to decide.
#pragma once

#include <utility>

#include "mayfly/ca/v1/certificate_authority.access.pb.h"
#include "policy/principal.h"
#include "policy/role.h"
#include "rpc/callers.h"
#include "rpc/use_cases.h"

namespace mayfly::rpc {

namespace v1 = ::mayfly::ca::v1;

// A principal that the method's declaration lets in, under the policy in force; nobody
// (policy::ProofOfIdentity::kNobody) where it lets in everybody.
class Caller {
 public:
  const policy::Principal& principal() const { return principal_; }

 private:
  friend Task<Result<Caller>> Admit(UseCases&, const v1::MethodAccess&, policy::Principal,
                                    BootTime);
  explicit Caller(policy::Principal principal) : principal_(std::move(principal)) {}
  policy::Principal principal_;
};

// Does any credential that the callers of this listener can have open the method? Asked before any
// is looked at. Error: kUnauthenticated "peer.listener".
Status RequireServed(const v1::MethodAccess& access, Callers callers);

// Errors: kUnauthenticated "peer.credential" (the method does not take what the principal was
// proved with), kPolicyDenied "policy.role" (it has none of the roles), "policy.blocked" and
// "renewal.superseded" (nor has it any); those of the ledger. What is declared by no known name
// lets nobody in.
Task<Result<Caller>> Admit(UseCases& use_cases, const v1::MethodAccess& access,
                           policy::Principal principal, BootTime deadline);

// The roles of a declaration.
policy::Roles NeededRoles(const v1::MethodAccess& access);

}  // namespace mayfly::rpc
