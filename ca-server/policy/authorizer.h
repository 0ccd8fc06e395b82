// Authorizer: the one place that says yes. An IssuanceGrant can only come from here.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "policy/enrolment.h"
#include "policy/policy.h"
#include "policy/principal.h"
#include "policy/role.h"

namespace mayfly::policy {

// What was granted, to whom, by which rule, under which decision. Immutable.
class IssuanceGrant {
 public:
  const Profile& profile() const { return profile_; }
  const x509::GeneralNames& names() const { return names_; }  // normal form
  Seconds lifetime() const { return lifetime_; }
  // issuers/{issuer}, of which one signs it, the ones before rather: the profile's, without those
  // that are blocked, else the wish's. Whoever asked has to know them.
  const std::vector<std::string>& issuers() const { return issuers_; }
  const std::string& principal() const { return principal_; }
  const std::string& rule() const { return rule_; }  // "a,b" where several granted names
  uint64_t policy_version() const { return policy_version_; }
  uint64_t decision() const { return decision_; }

 private:
  friend class Authorizer;
  IssuanceGrant() = default;
  Profile profile_;
  x509::GeneralNames names_;
  Seconds lifetime_{0};
  std::vector<std::string> issuers_;
  std::string principal_, rule_;
  uint64_t policy_version_ = 0, decision_ = 0;
};

struct IssuanceWish {
  std::string profile;
  x509::GeneralNames names;         // every name from the request and from inside the CSR
  std::optional<Seconds> lifetime;  // nothing: the profile's default
  Hash256 key_hash{};               // SHA-256 of the SPKI, for key blocks
  std::optional<Uuid> lineage;      // a renewal's lineage, for lineage blocks
  std::string issuer;               // which signs where the profile names none
  std::optional<Uuid> token{};      // an enrolment token's id, for token blocks
};

// What one rule said to a request.
struct RuleTrial {
  enum class Outcome : uint8_t {
    kOtherPrincipal,  // it is not about this requester
    kOtherProfile,    // nor about this profile
    kNoName,          // it is about both, and none of its patterns fits any of the names
    kOtherFirst,      // patterns of it fit, and other rules had decided each of those names before
    kNoNameLooked,  // it is about both, and there was no name to look at: there is none, none of a
                    // kind that the profile allows, or too many to look at any
    kGrants,
    kDenies,
  };
  std::string rule;
  RuleEffect effect;
  Outcome outcome;
  x509::GeneralNames names;  // that it granted or denied
};

// A decision and how it came about.
struct Explanation {
  std::vector<RuleTrial> trials;  // every rule, in the policy's order
  x509::GeneralNames names;       // decided about, in normal form
  Result<IssuanceGrant> verdict;
};

class Authorizer {
 public:
  explicit Authorizer(std::shared_ptr<const DecisionBasis> basis);

  // Errors: kUnknownProfile "profile.unknown"; kPolicyDenied with a violation for each name that
  // no rule grants ("policy.name") or a rule denies ("policy.name-denied"), or "policy.principal"
  // (no rule for this principal and profile), "policy.denied" (a rule denies both),
  // "policy.no-names", "policy.name-count", "policy.name-kind", "policy.spiffe-one-uri",
  // "policy.name-control" (the profile wants a proof that `evidence` has not),
  // "policy.lifetime", "policy.blocked" (all issuers, the key, a name, the wish's lineage; or the
  // requester's own names, key or lineage). Different names may be granted by different rules; each
  // of them names the principal and the profile.
  Result<IssuanceGrant> Authorize(const Principal& principal, const IssuanceWish& wish,
                                  const Evidence& evidence) const;

  // A holder asks for the next certificate of what it holds: `wish` has the names and the profile
  // of the certificate it holds. It is granted while today's policy still grants such names with
  // this profile to somebody (a place in a pattern is any segment), no rule denies them to the
  // holder, and nothing is blocked. Errors: as Authorize's, and kPolicyDenied "policy.renewal" (the
  // profile allows none).
  Result<IssuanceGrant> AuthorizeRenewal(const Principal& holder, const IssuanceWish& wish) const;

  // Whoever holds an enrolment token asks, on the authority of who made it: `wish` has the token's
  // names, profile and id. It is granted while today's policy grants the same to its maker, who may
  // still enrol others, and neither the token nor they are blocked. It is granted to the token's
  // holder. Errors: as Authorize's, and kPolicyDenied "policy.role" (the maker is no enroller any
  // more), "policy.names-from" (the profile takes names from the requester, whom a token does not
  // know).
  Result<IssuanceGrant> AuthorizeEnrolment(const Enrolment& enrolment,
                                           const IssuanceWish& wish) const;

  // The same decision with what every rule said.
  Explanation Explain(const Principal& principal, const IssuanceWish& wish,
                      const Evidence& evidence) const;

  // The OCSP responder's own certificate: a profile that no policy file can name and no client
  // can ask for. Errors: kPolicyDenied "policy.blocked".
  Result<IssuanceGrant> AuthorizeResponder(const std::string& issuer, const Hash256& key_hash,
                                           Seconds lifetime) const;

  // Every role that the policy gives a principal, with those that these contain: an operator is an
  // auditor, an admin is everything. Whoever is somebody is a requester.
  Roles RolesOf(const Principal& principal) const;

  // That the principal has one of `needed`. Whose name, key or lineage is blocked has none. Errors:
  // kPolicyDenied "policy.role", "policy.blocked".
  Status RequireRole(const Principal& principal, Roles needed) const;

  const DecisionBasis& basis() const { return *basis_; }

 private:
  enum class Asking : uint8_t { kFirst, kRenewal, kEnrolment };
  Status RequireListed(const Principal& principal, Roles needed) const;  // blocked or not
  Result<IssuanceGrant> Decide(const Principal& principal, const IssuanceWish& wish,
                               const Evidence& evidence, Asking asking,
                               Explanation* explanation) const;
  std::shared_ptr<const DecisionBasis> basis_;
  std::shared_ptr<const PatternIndex> index_;  // of the basis's rules
};

}  // namespace mayfly::policy
