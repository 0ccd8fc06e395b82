// Wiring: the parts that the commands of mayfly-ca share, made from the configuration. The only
// place where the real clock, random source, signer and stores are made.
#pragma once

#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/system.h"
#include "config/config.h"
#include "issuance/certificate_authority.h"
#include "ports/signer.h"
#include "store/ca_registry.h"
#include "store/ledger.h"

namespace mayfly {

// How long a command that a person waits for may take, and how long serve waits at start for a
// database and a token that are not there yet.
constexpr Seconds kCommandTimeMax{30};
constexpr Seconds kStartTimeMax{60};

// Clock, randomness and threads: made first, gone last.
struct Foundation {
  explicit Foundation(size_t worker_threads) : timer(clock), executor(worker_threads) {}
  SystemClock clock;
  SystemRandom random;
  Timer timer;
  ThreadPool executor;

  BootTime In(Seconds time) const { return clock.BootNow() + time; }
};

Result<std::unique_ptr<Signer>> MakeSigner(const config::Config& config, Foundation& foundation);
std::string DatabaseConnection(const config::Config& config);

// Signer, ledger, issuers and the use cases on them.
class Wiring {
 public:
  // Refuses a schema that is newer, older or dirty, a CA without certificates (init-ca), a state
  // directory that cannot be used. Errors name what to do.
  static Result<std::unique_ptr<Wiring>> Make(const config::Config& config);

  const config::Config& config() const { return config_; }
  Foundation& foundation() { return foundation_; }
  Signer& signer() { return *signer_; }
  store::PgLedger& ledger() { return *ledger_; }
  issuance::BasisCache& basis() { return *basis_; }
  issuance::CertificateAuthority& authority() { return *authority_; }
  const std::vector<std::shared_ptr<const issuance::Issuer>>& issuers() const { return issuers_; }
  const issuance::TrustBundle& bundle() const { return bundle_; }

  // Set by serve when the responder's memory is there; before that, revocation is asked of the
  // ledger.
  void SetRevocationCheck(issuance::RevocationCheck check);

  // A certificate for this very machine, through the issue path: principal local:<uid>.
  // Writes key (0600) and certificate (leaf, then chain), each atomically.
  struct LocalCertificate {
    std::string profile;
    x509::GeneralNames names;
    std::optional<Seconds> lifetime;
    std::filesystem::path certificate_file, key_file;
  };
  Status IssueLocal(const LocalCertificate& wanted);
  // The same, but only where the file holds no certificate with a third of its life left.
  Status IssueLocalIfLapsing(const LocalCertificate& wanted);

 private:
  explicit Wiring(config::Config config);
  Status LoadIssuers(CaRegistry& registry);

  const config::Config config_;
  Foundation foundation_;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<store::PgLedger> ledger_;
  std::unique_ptr<issuance::BasisCache> basis_;
  std::vector<std::shared_ptr<const issuance::Issuer>> issuers_;
  issuance::TrustBundle bundle_;
  std::unique_ptr<issuance::CertificateAuthority> authority_;
  std::shared_ptr<issuance::RevocationCheck> revocation_check_;
};

// Does the certificate in this PEM file have a third of its life left? Not where it cannot be read.
bool HasLifeLeft(const std::filesystem::path& certificate_file, TimePoint now);

}  // namespace mayfly
