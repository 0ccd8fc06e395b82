#include "issuance/basis_cache.h"

namespace mayfly::issuance {

BasisCache::BasisCache(Ledger& ledger, PolicyParser parse)
    : ledger_(ledger),
      parse_(std::move(parse)),
      current_(std::make_shared<const policy::DecisionBasis>()) {}

std::shared_ptr<const policy::DecisionBasis> BasisCache::Current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

Task<Status> BasisCache::Refresh(BootTime deadline) {
  auto known = Current();
  CO_TRY_ASSIGN(StoredBasis stored, co_await ledger_.LoadBasis(deadline));
  if (stored.decision <= known->decision) co_return Ok();
  auto fresh = std::make_shared<policy::DecisionBasis>();
  fresh->decision = stored.decision;
  fresh->policy_version = stored.policy_version;
  fresh->blocks.insert(stored.blocks.begin(), stored.blocks.end());
  if (stored.policy_version == known->policy_version) {
    fresh->policy = known->policy;
  } else {
    CO_TRY_ASSIGN(fresh->policy, ParseInForce(stored.policy_text));
  }
  std::lock_guard lock(mutex_);
  if (fresh->decision > current_->decision) current_ = std::move(fresh);
  co_return Ok();
}

}  // namespace mayfly::issuance
