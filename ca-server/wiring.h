// Wiring: the parts that the commands of mayfly-ca share, made from the configuration. The only
// place where the real clock, random source, signer and stores are made.
#pragma once

#include <memory>
#include <vector>

#include "audit_service.h"
#include "base/executor.h"
#include "base/system.h"
#include "config/config.h"
#include "config/policy_file.h"
#include "issuance/certificate_authority.h"
#include "key_ring.h"
#include "metered_ports.h"
#include "ports/signer.h"
#include "quarantine_folder.h"
#include "store/alert_index.h"
#include "store/ca_registry.h"
#include "store/canary_records.h"
#include "store/certificate_index.h"
#include "store/enrolment_tokens.h"
#include "store/event_index.h"
#include "store/ledger.h"
#include "store/proposals.h"
#include "telemetry/metrics.h"

namespace mayfly {

// How long one step of a command that a person waits for may take.
constexpr Seconds kCommandTimeMax{30};

// Clock, randomness and threads: made first, gone last.
struct Foundation {
  explicit Foundation(size_t worker_threads) : timer(clock), executor(worker_threads) {}
  SystemClock clock;
  SystemRandom random;
  Timer timer;
  ThreadPool executor;

  BootTime In(Seconds time) const { return clock.BootNow() + time; }
};

config::IssuerNames IssuerNamesOf(const config::Config& config);
std::unique_ptr<Signer> MakeSigner(const config::Config& config, Foundation& foundation);
store::IndexOptions StoreOptions(const config::Config& config, Foundation& foundation);
store::PgCaRegistry::Options RegistryOptions(const config::Config& config);

// Revocation as the responder's memory knows it, once there is one; before, the ledger is asked.
class RevocationKnowledge {
 public:
  using Check = issuance::RevocationCheck;
  void Learn(Check check);
  std::optional<bool> Ask(const CertificateKey& key) const;

 private:
  mutable std::mutex mutex_;
  Check check_;
};

// Signer, ledger, issuers and the use cases on them.
class Wiring {
 public:
  // Refuses a schema that is newer, older or dirty, and a CA without certificates; errors name
  // what to do.
  static Result<std::unique_ptr<Wiring>> Make(const config::Config& config);

  const config::Config& config() const { return config_; }
  Foundation& foundation() { return foundation_; }
  telemetry::Metrics& metrics() { return metrics_; }
  KeyRing& keys() { return *keys_; }
  store::PgLedger& ledger() { return *ledger_; }
  AuditService& audit() { return *audit_; }
  // Starts the audit log and waits for its first checkpoint: without one nothing is released.
  Status StartAudit();
  issuance::BasisCache& basis() { return *basis_; }
  issuance::CertificateAuthority& authority() { return *authority_; }
  const std::vector<std::shared_ptr<const issuance::Issuer>>& issuers() const { return issuers_; }
  const issuance::TrustBundle& bundle() const { return bundle_; }
  const Hash256& page_key() const { return page_key_; }
  AlertIndex& alerts() { return *alerts_; }
  RevocationKnowledge& revocation() { return revocation_; }

 private:
  explicit Wiring(config::Config config);
  Status LoadIssuers(CaRegistry& registry);

  const config::Config config_;
  RevocationKnowledge revocation_;
  Foundation foundation_;
  telemetry::Metrics metrics_;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<MeteredSigner> metered_signer_;
  std::unique_ptr<store::PgLedger> ledger_;
  std::unique_ptr<MeteredLedger> metered_ledger_;
  std::unique_ptr<store::PgCertificateIndex> index_;
  std::unique_ptr<store::PgEventIndex> events_;
  std::unique_ptr<store::PgAlertIndex> alerts_;
  std::unique_ptr<store::PgEnrolmentTokens> tokens_;
  std::unique_ptr<store::PgProposals> proposals_;
  Hash256 page_key_{};
  QuarantineFolder quarantine_;
  std::unique_ptr<store::PgCanaryRecords> canaries_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<AuditService> audit_;
  std::unique_ptr<issuance::BasisCache> basis_;
  issuance::RenewalPlanner planner_{foundation_.random};
  std::vector<std::shared_ptr<const issuance::Issuer>> issuers_;
  issuance::TrustBundle bundle_;
  std::unique_ptr<issuance::CertificateAuthority> authority_;
};

}  // namespace mayfly
