#include "rpc/turns.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mayfly::rpc {
namespace {

Error Refused(std::string rule, std::string message) {
  Error error = Fail(ErrorCode::kOverloaded, std::move(rule), std::move(message));
  error.retry_after = kTurnRetryAfter;
  return error;
}

Error PrincipalHasTooMany(size_t limit) {
  return Refused("rpc.principal-calls", "over " + std::to_string(limit) +
                                            " of your calls wait already; send fewer at a time");
}

Error TooManyWait(size_t limit) {
  return Refused("rpc.waiting", "over " + std::to_string(limit) +
                                    " calls wait; those whose certificates end first are served");
}

}  // namespace

Task<Result<Turns::Turn>> Turns::Take(std::string principal, TimePoint expires) {
  const Answer answer(executor_);
  Due due;
  {
    std::lock_guard lock(mutex_);
    NoteAsking(principal);
    const auto own = accounts_.try_emplace(principal).first;
    Account& account = own->second;
    const uint64_t start = std::max(now_, account.next_start) - CreditOf(principal);
    const Rank rank{start, expires, arrivals_++};
    if (account.waiting.size() >= limits_.principal_waiting_max) {
      co_return PrincipalHasTooMany(limits_.principal_waiting_max);
    }
    if (waiting_ >= limits_.waiting_max && !ShedFor(rank, due)) {
      NoteRefused(principal);
      ForgetIfIdle(own);
      co_return TooManyWait(limits_.waiting_max);
    }
    account.next_start = rank.start + 1;
    Enqueue(principal, account, {rank, answer});
    StartWhatMay(due);
  }
  for (auto& [other, result] : due) other.Set(std::move(result));
  auto turn = co_await answer.Wait();
  co_return turn;
}

size_t Turns::waiting() const {
  std::lock_guard lock(mutex_);
  return waiting_;
}

size_t Turns::principals() const {
  std::lock_guard lock(mutex_);
  return accounts_.size();
}

uint64_t Turns::CreditOf(const std::string& principal) const {
  const auto refused = refused_.find(principal);
  return refused == refused_.end() ? 0 : std::min(refused->second.count, kCreditMax);
}

void Turns::NoteRefused(const std::string& principal) {
  const BootTime now = clock_.BootNow();
  if (refused_.size() >= kRefusedMax && !refused_.contains(principal)) {
    std::erase_if(refused_,
                  [&](const auto& entry) { return now - entry.second.latest >= kPrincipalAsks; });
    if (refused_.size() >= kRefusedMax) return;
  }
  Refusals& refusals = refused_.try_emplace(principal, Refusals{0, now}).first->second;
  ++refusals.count;
  refusals.latest = now;
}

void Turns::NoteAsking(const std::string& principal) {
  const BootTime now = clock_.BootNow();
  if (principal != latest_) {
    if (!latest_.empty()) others_asked_ = latest_asked_;
    latest_ = principal;
  }
  latest_asked_ = now;
}

bool Turns::OthersAsk(const std::string& principal) const {
  const std::optional<BootTime> asked = principal == latest_ ? others_asked_ : latest_asked_;
  return asked && clock_.BootNow() - *asked < kPrincipalAsks;
}

bool Turns::MayWork(const std::string& principal) const {
  const size_t at_work = accounts_.find(principal)->second.at_work;
  return at_work < (OthersAsk(principal) ? limits_.principal_at_work_shared_max
                                         : limits_.principal_at_work_max);
}

void Turns::Enqueue(const std::string& principal, Account& account, Waiter waiter) {
  if (account.waiting.empty()) heads_.emplace(waiter.rank, principal);
  account.waiting.push_back(std::move(waiter));
  ++waiting_;
}

bool Turns::ShedFor(const Rank& newest, Due& due) {
  const auto last = std::ranges::max_element(accounts_, {}, [](const auto& entry) {
    return entry.second.waiting.empty() ? Rank{} : entry.second.waiting.back().rank;
  });
  if (last == accounts_.end() || last->second.waiting.empty()) return false;
  auto& [principal, account] = *last;
  const Waiter& shed = account.waiting.back();
  if (shed.rank < newest) return false;
  heads_.erase({shed.rank, principal});
  NoteRefused(principal);
  due.emplace_back(shed.answer, TooManyWait(limits_.waiting_max));
  account.waiting.pop_back();
  --waiting_;
  ForgetIfIdle(last);
  return true;
}

void Turns::ForgetIfIdle(Accounts::iterator account) {
  const Account& idle = account->second;
  if (idle.at_work == 0 && idle.waiting.empty()) accounts_.erase(account);
}

void Turns::StartWhatMay(Due& due) {
  // Who may not go has calls at work, so no more than at_work_max are passed over.
  for (auto head = heads_.begin(); head != heads_.end() && at_work_ < limits_.at_work_max;) {
    if (!MayWork(head->second)) {
      ++head;
      continue;
    }
    const std::string principal = head->second;
    heads_.erase(head);
    Start(principal, accounts_.find(principal)->second, due);
    head = heads_.begin();
  }
}

void Turns::Start(const std::string& principal, Account& account, Due& due) {
  Waiter& first = account.waiting.front();
  now_ = std::max(now_, first.rank.start);
  if (++turns_ % kTurnsOvertakenMax == 0) ++now_;
  refused_.erase(principal);
  ++account.at_work;
  ++at_work_;
  due.emplace_back(first.answer, Turn(*this, principal));
  account.waiting.pop_front();
  --waiting_;
  if (!account.waiting.empty()) heads_.emplace(account.waiting.front().rank, principal);
}

void Turns::GiveBack(const std::string& principal) {
  Due due;
  {
    std::lock_guard lock(mutex_);
    const auto found = accounts_.find(principal);
    --found->second.at_work;
    --at_work_;
    ForgetIfIdle(found);
    StartWhatMay(due);
  }
  for (auto& [answer, result] : due) answer.Set(std::move(result));
}

}  // namespace mayfly::rpc
