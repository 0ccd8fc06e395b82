#include "audit_service.h"

#include "telemetry/log.h"

namespace mayfly {

AuditService::AuditService(const Parts& parts)
    : log_({parts.config.database.connection, parts.config.database.password_file,
            parts.config.audit.origin}),
      folder_(parts.config.audit.directory),
      read_folder_(parts.config.audit.directory),
      sequencer_({log_, folder_, parts.signer, parts.clock, parts.random, parts.config.audit.origin,
                  parts.config.audit.key_uri}),
      failures_(parts.metrics.MakeCounter("mayfly_audit_round_failures_total",
                                          "Rounds that ended without a checkpoint.")),
      keeper_({sequencer_, folder_, parts.clock, parts.timer, parts.executor,
               parts.config.audit.checkpoint_age_max,
               [this](const Status& round) { Tell(round); }}),
      published_({read_folder_, parts.timer, parts.executor}) {
  MeasureWhatIsTrueNow(parts.metrics);
}

void AuditService::MeasureWhatIsTrueNow(telemetry::Metrics& metrics) {
  const auto age = metrics.MakeGauge("mayfly_audit_checkpoint_age_seconds",
                                     "Of the newest checkpoint outside the database; -1: none.");
  const auto size =
      metrics.MakeGauge("mayfly_audit_log_size", "Entries that the newest checkpoint covers.");
  const auto pending =
      metrics.MakeGauge("mayfly_audit_pending", "Calls that wait for a checkpoint to cover them.");
  metrics.BeforeText([=, this] {
    const audit::CheckpointKeeper::Standing now = keeper_.Now();
    age.Set(now.age ? std::chrono::duration<double>(*now.age).count() : -1);
    size.Set(static_cast<double>(now.size));
    pending.Set(static_cast<double>(now.waiting));
  });
}

// Told once when it begins to fail, and once more when it works again.
void AuditService::Tell(const Status& round) {
  if (!round) failures_.Add();
  if (!round && !fails_) telemetry::LogFailure("audit checkpoint not published", round.error());
  if (round && fails_) telemetry::LogInfo("audit checkpoint published again");
  fails_ = !round;
}

}  // namespace mayfly
