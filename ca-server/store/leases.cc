#include "store/leases.h"

namespace mayfly::store {
namespace {

constexpr Milliseconds kLeasePoll{50};

struct Leases {
  uint64_t outstanding;
  std::chrono::microseconds answer_life;
};

Task<Result<Leases>> Ask(SessionWorkers& workers, Revocation revocation, BootTime deadline) {
  std::function<Result<Leases>(Session&)> work = [revocation](Session& session) -> Result<Leases> {
    auto row = session.Exec(
        "SELECT outstanding, (extract(epoch FROM answer_life) * 1000000)::bigint "
        "FROM outstanding_leases($1, " +
            FromMicros("$2::bigint") + ")",
        Params().Add(static_cast<int64_t>(revocation.number)).Add(revocation.not_after))[0];
    return Leases{row[0].as<uint64_t>(), std::chrono::microseconds(row[1].as<int64_t>())};
  };
  return RunOn<Leases>(workers, std::move(work), deadline);
}

}  // namespace

Task<Result<TimePoint>> WaitForLeases(SessionWorkers& workers, Revocation newest,
                                      BootTime deadline) {
  const StoreContext& context = workers.context();
  while (true) {
    auto ask = Ask(workers, newest, deadline);
    auto leases = co_await ask;
    if (leases && leases->outstanding == 0) co_return newest.revoked_at + leases->answer_life;
    const BootTime next = context.clock.BootNow() + kLeasePoll;
    if (next >= deadline) break;
    auto sleep = SleepUntil(context.timer, context.executor, next);
    co_await sleep;
  }
  co_return Fail(ErrorCode::kDeadlineExceeded, "ledger.lease-outstanding",
                 "revoked, but a responder may answer good until its lease ends; call again to "
                 "wait for it");
}

}  // namespace mayfly::store
