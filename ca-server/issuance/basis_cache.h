// The decision basis in force, as far as this process knows: policy and blocks under one control
// number. An older one than the database's is harmless: what was decided under it does not commit.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "policy/policy.h"
#include "policy/policy_text.h"
#include "ports/ledger.h"

namespace mayfly::issuance {

// config::ParsePolicy, given by the wiring: the use cases do not know TOML.
using PolicyParser = std::function<Result<policy::Policy>(
    std::string_view text, std::string source_name, policy::PolicyText is)>;

class BasisCache {
 public:
  BasisCache(Ledger& ledger, PolicyParser parse);

  // Never null; before the first Refresh it denies everything.
  std::shared_ptr<const policy::DecisionBasis> Current() const;
  // Reads the basis anew. A policy text that does not parse (it was checked before it was
  // activated) keeps the old basis, whose decisions no longer commit: fail closed.
  Task<Status> Refresh(BootTime deadline);

  // A text that is not in force yet. Errors: as config::ParsePolicy's.
  Result<policy::Policy> Parse(std::string_view text, std::string source_name) const {
    return parse_(text, std::move(source_name), policy::PolicyText::kProposed);
  }
  // One that is.
  Result<policy::Policy> ParseInForce(std::string_view text) const {
    return parse_(text, "the policy in force", policy::PolicyText::kInForce);
  }

 private:
  Ledger& ledger_;
  PolicyParser parse_;
  mutable std::mutex mutex_;
  std::shared_ptr<const policy::DecisionBasis> current_;
};

}  // namespace mayfly::issuance
