// Who has which role under a policy.
#include "policy/authorizer.h"

namespace mayfly::policy {
namespace {

// "auditor, operator or admin".
std::string Alternatives(Roles roles, std::string_view (*word)(Role)) {
  std::vector<std::string_view> words;
  for (const Role role : kAllRoles) {
    if (roles.Has(role)) words.push_back(word(role));
  }
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace

Roles Authorizer::RolesOf(const Principal& principal) const {
  if (principal.id.empty()) return {};
  const Policy& policy = basis_->policy;
  Roles roles = {Role::kRequester};
  if (MatchAny(policy.enrollers, principal)) roles |= {Role::kEnroller};
  if (MatchAny(policy.auditors, principal)) roles |= {Role::kAuditor};
  if (MatchAny(policy.operators, principal)) roles |= {Role::kOperator, Role::kAuditor};
  if (MatchAny(policy.admins, principal)) {
    roles |= {Role::kAdmin, Role::kOperator, Role::kAuditor, Role::kEnroller};
  }
  return roles;
}

Status Authorizer::RequireListed(const Principal& principal, Roles needed) const {
  if (RolesOf(principal).HasAnyOf(needed)) return Ok();
  return Fail(ErrorCode::kPolicyDenied, "policy.role",
              Escape(principal.id) + " is no " + Alternatives(needed, RoleWord) +
                  "; the policy in force lists them under " + Alternatives(needed, RoleList));
}

}  // namespace mayfly::policy
