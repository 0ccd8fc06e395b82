// The OCSP responder of this process: memory, lease, and its delegated certificate, renewed by
// itself.
#pragma once

#include <memory>

#include "ocsp/lease_keeper.h"
#include "ocsp/responder.h"
#include "store/status_source.h"
#include "wiring.h"

namespace mayfly {

class ResponderService {
 public:
  // Starts the lease keeper. `responder_id` is the same for each start in one state directory.
  ResponderService(Wiring& wiring, Uuid responder_id);
  ~ResponderService();  // gives the lease back

  ocsp::Responder& responder() { return responder_; }
  // A delegate for every issuer: the one on disk while a third of its life is left, else a new
  // one through the issue path. An issuer that cannot sign holds up no other; the first error.
  Status RenewDelegates();
  // Whether any issuer has one.
  bool HasDelegates() const { return !renew_at_.empty(); }
  // For readiness: why the lease, or a delegate, is not as it should be.
  Status LeaseTrouble() const { return keeper_->Trouble(); }
  Status DelegateTrouble() const { return responder_.Ready(); }
  std::optional<bool> IsRevoked(const CertificateKey& key) const;

 private:
  Status RenewDelegate(const issuance::Issuer& issuer);
  Status Use(const x509::Certificate& certificate, const issuance::Issuer& issuer);

  Wiring& wiring_;
  store::PgStatusSource source_;
  store::PgRevocationFeed feed_;
  ocsp::ResponderMemory memory_;
  ocsp::Responder responder_;
  std::unique_ptr<ocsp::LeaseKeeper> keeper_;
  std::map<IssuerId, TimePoint> renew_at_;
};

// The id in DIRECTORY/responder-id, made where there is none.
Result<Uuid> ResponderIdIn(const std::filesystem::path& directory, Foundation& foundation);

}  // namespace mayfly
