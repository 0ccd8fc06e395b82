// The audit log of this process: the database's half, the folder outside of it, and the thread that
// keeps its checkpoint young.
#pragma once

#include "audit/checkpoint_keeper.h"
#include "audit/log_folder.h"
#include "audit/published_log.h"
#include "audit/witnesses.h"
#include "config/config.h"
#include "store/audit_log.h"
#include "telemetry/metrics.h"

namespace mayfly {

class AuditService {
 public:
  struct Parts {
    const config::Config& config;
    signing::SigningKey& key;
    const Clock& clock;
    Timer& timer;
    Executor& executor;
    telemetry::Metrics& metrics;
    std::function<void(const Hash256& key)> key_found;  // once, before the first release
  };
  explicit AuditService(const Parts& parts);

  // From here on there are checkpoints; before, nothing may be released.
  void Start() {
    keeper_.Start();
    witnesses_.Start();
  }

  // What releases go by.
  audit::CheckpointKeeper& gate() { return keeper_; }
  PublishedLog& published() { return published_; }

 private:
  void MeasureWhatIsTrueNow(telemetry::Metrics& metrics);
  void Tell(const Status& round);
  void TellOfWitness(const std::string& name, const Status& answer);

  store::PgAuditLog log_;
  audit::LogFolder folder_;
  audit::LogFolder read_folder_;  // for readers beside the keeper's thread
  audit::Sequencer sequencer_;
  telemetry::Counter failures_;
  bool fails_ = false;  // the keeper's thread's
  struct WitnessState {
    telemetry::Counter failures;
    bool fails = false;
  };
  std::map<std::string, WitnessState> witness_states_;  // the witnesses' thread's
  audit::LogFolder witness_folder_;
  audit::Witnesses witnesses_;
  audit::CheckpointKeeper keeper_;
  audit::StoredLog published_;
};

}  // namespace mayfly
