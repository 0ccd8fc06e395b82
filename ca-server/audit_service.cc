#include "audit_service.h"

#include <algorithm>

#include "telemetry/log.h"

namespace mayfly {
namespace {

std::vector<audit::Witness> WitnessesOf(const config::AuditConfig& config) {
  std::vector<audit::Witness> witnesses;
  for (const config::WitnessConfig& witness : config.witnesses) {
    witnesses.emplace_back(audit::WitnessAddress{witness.url, witness.key},
                           std::make_unique<CurlClient>(witness.ca_file));
  }
  return witnesses;
}

std::optional<Seconds> AgeMaxOf(const config::AuditConfig& config) {
  if (config.witnesses_needed == 0) return std::nullopt;
  return config.witnessed_age_max;
}

}  // namespace

AuditService::AuditService(const Parts& parts)
    : log_({parts.config.database.connection, parts.config.database.password_file,
            parts.config.audit.origin}),
      folder_(parts.config.audit.directory),
      read_folder_(parts.config.audit.directory),
      sequencer_(
          {log_, folder_, parts.key, parts.clock, parts.config.audit.origin, parts.key_found}),
      failures_(parts.metrics.MakeCounter("mayfly_audit_round_failures_total",
                                          "Rounds that ended without a checkpoint.")),
      witness_folder_(parts.config.audit.directory),
      witnesses_(
          {WitnessesOf(parts.config.audit), witness_folder_, parts.clock,
           std::max<size_t>(parts.config.audit.witnesses_needed, 1), AgeMaxOf(parts.config.audit),
           [this](const std::string& name, const Status& answer) { TellOfWitness(name, answer); }}),
      keeper_({sequencer_, folder_, parts.clock, parts.timer, parts.executor,
               parts.config.audit.checkpoint_age_max, [this](const Status& round) { Tell(round); },
               [this](const audit::PublishedCheckpoint& checkpoint, BootTime begun) {
                 witnesses_.Offer(checkpoint, begun);
               },
               [this] { return witnesses_.MayRelease(); }}),
      published_({read_folder_, parts.timer, parts.executor}) {
  for (const config::WitnessConfig& witness : parts.config.audit.witnesses) {
    const std::string& name = witness.key.name();
    witness_states_.emplace(
        name, WitnessState{parts.metrics.MakeCounter("mayfly_audit_witness_failures_total",
                                                     "Checkpoints that a witness did not cosign.",
                                                     {{"witness", name}})});
  }
  MeasureWhatIsTrueNow(parts.metrics);
}

void AuditService::MeasureWhatIsTrueNow(telemetry::Metrics& metrics) {
  const auto age = metrics.MakeGauge("mayfly_audit_checkpoint_age_seconds",
                                     "Of the newest checkpoint outside the database; -1: none.");
  const auto size =
      metrics.MakeGauge("mayfly_audit_log_size", "Entries that the newest checkpoint covers.");
  const auto pending =
      metrics.MakeGauge("mayfly_audit_pending", "Calls that wait for a checkpoint to cover them.");
  const auto witnessed =
      metrics.MakeGauge("mayfly_audit_witnessed_age_seconds",
                        "Of the newest checkpoint that enough witnesses cosigned; -1: none.");
  metrics.BeforeText([=, this] {
    const auto witnessed_age = witnesses_.Age();
    witnessed.Set(witnessed_age ? std::chrono::duration<double>(*witnessed_age).count() : -1);
    const audit::CheckpointKeeper::Standing now = keeper_.Now();
    age.Set(now.age ? std::chrono::duration<double>(*now.age).count() : -1);
    size.Set(static_cast<double>(now.size));
    pending.Set(static_cast<double>(now.waiting));
  });
}

void AuditService::TellOfWitness(const std::string& name, const Status& answer) {
  WitnessState& state = witness_states_.at(name);
  if (!answer) state.failures.Add();
  if (!answer && !state.fails) {
    telemetry::LogFailure("audit checkpoint not cosigned", answer.error(), {{"witness", name}});
  }
  if (answer && state.fails)
    telemetry::LogInfo("audit checkpoint cosigned again", {{"witness", name}});
  state.fails = !answer;
}

// Told once when it begins to fail, and once more when it works again.
void AuditService::Tell(const Status& round) {
  if (!round) failures_.Add();
  if (!round && !fails_) telemetry::LogFailure("audit checkpoint not published", round.error());
  if (round && fails_) telemetry::LogInfo("audit checkpoint published again");
  fails_ = !round;
}

}  // namespace mayfly
