#include "projection_service.h"

#include "telemetry/log.h"

namespace mayfly {
namespace {

constexpr Seconds kEvery{1};
constexpr Seconds kAskedFor{5};
constexpr std::pair<AlertKind, const char*> kKinds[] = {
    {AlertKind::kKeyShared, "key-shared"},
    {AlertKind::kKeyCopied, "key-copied"},
    {AlertKind::kRenewalOverdue, "renewal-overdue"},
};

}  // namespace

ProjectionService::ProjectionService(Wiring& wiring)
    : wiring_(wiring),
      projector_(wiring.config().database.connection, wiring.config().database.password_file) {
  for (const auto& [kind, label] : kKinds) {
    counts_.emplace(kind, wiring.metrics().MakeGauge("mayfly_alerts", "What mayfly alerts lists.",
                                                     {{"kind", label}}));
  }
  thread_ = std::thread([this] { Run(); });
}

ProjectionService::~ProjectionService() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ProjectionService::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const bool more = Advance();
    if (!more) Count();
    lock.lock();
    if (!more) wake_.wait_for(lock, kEvery, [this] { return stopping_; });
  }
}

bool ProjectionService::Advance() {
  const auto read = projector_.Advance();
  if (!read && !fails_) telemetry::LogFailure("alerts not brought up to date", read.error());
  if (read && fails_) telemetry::LogInfo("alerts are brought up to date again");
  fails_ = !read.has_value();
  return read && *read == store::kTicksPerStep;
}

// A database that is away leaves the counts as they were; Advance has told it.
void ProjectionService::Count() {
  const auto list = SyncWait(wiring_.alerts().Alerts(1, wiring_.foundation().In(kAskedFor)));
  if (!list) return;
  for (auto& [kind, gauge] : counts_) {
    const auto count = list->by_kind.find(kind);
    gauge.Set(count == list->by_kind.end() ? 0 : static_cast<double>(count->second));
  }
}

}  // namespace mayfly
