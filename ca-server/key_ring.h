// The keys of this server: those of the issuers, of their responders and of the audit log, each
// with its places; what is told of them, and the threads that look after them.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "ports/ledger.h"
#include "quarantine_folder.h"
#include "signing/signing_key.h"
#include "telemetry/metrics.h"

namespace mayfly {

class KeyRing {
 public:
  struct Parts {
    const config::Config& config;
    signing::SigningTools tools;  // `tell` is the ring's own
    telemetry::Metrics& metrics;
    Ledger& ledger;  // gets an event for each place that is quarantined
  };
  explicit KeyRing(Parts parts);
  ~KeyRing();

  // Made once, at start. `certified`: the key that the issuer's certificate names.
  std::shared_ptr<signing::SigningKey> AddIssuer(const config::IssuerConfig& issuer,
                                                 x509::SubjectPublicKeyInfo certified);
  // Of one that was added.
  const std::shared_ptr<signing::SigningKey>& ResponderKey(const std::string& issuer) const {
    return responder_.at(issuer);
  }
  signing::SigningKey& audit() { return *audit_; }

  // The places hold the keys that their certificates name (SigningKey::Match). Errors: the first
  // key's that fails; a key that does not answer at all is none.
  Status Match(BootTime deadline);
  // From here on each key is tended, by a thread of its own: one that hangs holds up no other.
  void Tend();

  // Every key, the issuers' first. Nothing is added any more.
  const std::vector<std::shared_ptr<signing::SigningKey>>& keys() const { return keys_; }

 private:
  std::shared_ptr<signing::SigningKey> Add(signing::SigningKeyParts parts);
  void Tell(const signing::PlaceChange& change);
  void Measure();
  void TendOne(signing::SigningKey& key);

  const Parts parts_;
  telemetry::LabelledCounters quarantined_;
  std::vector<std::shared_ptr<signing::SigningKey>> keys_;
  std::map<std::string, std::shared_ptr<signing::SigningKey>> responder_;  // by issuer
  std::shared_ptr<signing::SigningKey> audit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded
  std::vector<std::thread> threads_;
};

// For logs: a place of a key changed its state.
void LogPlaceChange(const signing::PlaceChange& change);

}  // namespace mayfly
