// ResponderMemory: what makes "no good after an acknowledged revocation" true on this replica.
//
// It knows the revocations applied, which certificates the ledger said were issued, until when this
// responder's lease covers a `good`, the `good` signatures that are under way, and the signed
// answers that may be given again. One mutex over all, so that a revocation and the release of an
// answer have an order: either the answer was released first (its request was read before the
// acknowledgement), or it never is.
//
// Thread-safe. The lease keeper writes, responders read.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "ocsp/response_cache.h"
#include "ports/ledger.h"

namespace mayfly::ocsp {

// A signature that could not be made in this time is not asked for.
constexpr Milliseconds kSigningTimeMin{50};
// A revocation is forgotten when its certificate has expired by this much; the ledger still has it.
constexpr Seconds kRevocationKeptAfterExpiry{2 * 24 * 3600};

// How many certificates are remembered as issued; the one learnt first is forgotten first.
constexpr size_t kIssuedRememberedMax = 200'000;

class ResponderMemory;

// The right to ask for one `good` signature, until `deadline()`. Ends with the object; a lease
// keeper that has applied a revocation of the same certificate waits for that.
class GoodSigning {
 public:
  GoodSigning(GoodSigning&& other) noexcept;
  GoodSigning& operator=(GoodSigning&&) = delete;
  ~GoodSigning();

  BootTime deadline() const { return deadline_; }
  // May the signed answer be given? Only where the certificate has not been revoked since and a
  // lease still holds. Where it may and `cached` has a value, it is cached in the same step.
  bool Release(CertIdForm form, std::optional<CachedAnswer> cached);

 private:
  friend class ResponderMemory;
  GoodSigning(ResponderMemory& memory, uint64_t id, BootTime deadline)
      : memory_(&memory), id_(id), deadline_(deadline) {}
  ResponderMemory* memory_;
  uint64_t id_;
  BootTime deadline_;
};

class ResponderMemory {
 public:
  // `clock` outlives it. It outlives every GoodSigning.
  explicit ResponderMemory(const Clock& clock, size_t answers_max = kCachedAnswersMax)
      : clock_(clock), cache_(answers_max) {}

  // --- for the lease keeper ---
  // Revocations in commit order, all of them up to the last one's number. Kills cached answers and
  // marks the `good` signatures under way for these certificates as never to be released.
  void Apply(const std::vector<Revocation>& page);
  // Blocks until every signature so marked has ended or is past its deadline.
  void AwaitInvalidated();
  void RenewLease(BootTime end);
  // No `good` from here on; those under way are marked.
  void EndLease();
  uint64_t applied() const;
  // Forgets certificates that expired long ago, by the database's clock: this machine's may jump,
  // and what is forgotten is asked for again.
  void Purge(TimePoint database_now);

  // --- for responders ---
  // Applies one revocation that was seen in the ledger before the keeper brought it.
  void Remember(const Revocation& revocation);
  std::optional<Revocation> RevocationOf(const CertificateKey& key) const;
  bool LeaseHolds() const;
  // A signed outcome stands for ever, so with the revocations under a lease it is all that a `good`
  // needs: these need no database.
  void RememberIssued(const CertificateKey& key, TimePoint not_after);
  std::optional<TimePoint> IssuedUntil(const CertificateKey& key) const;  // its notAfter
  // A `good` answer is given under a lease only, a `revoked` one always.
  std::optional<CachedAnswer> Find(const CertificateKey& key, CertIdForm form) const;
  // Nothing where the certificate is revoked or the lease does not cover the signing.
  std::optional<GoodSigning> BeginGood(const CertificateKey& key, BootTime deadline);
  void CacheRevoked(const CertificateKey& key, CertIdForm form, CachedAnswer answer);
  void ClearCache();

 private:
  friend class GoodSigning;
  struct UnderWay {
    CertificateKey key;
    BootTime deadline;
    bool invalidated = false;
  };
  bool LeaseHoldsLocked() const;
  void RememberLocked(const Revocation& revocation);
  bool InvalidatedUnderWayLocked() const;
  bool Release(uint64_t id, CertIdForm form, std::optional<CachedAnswer> cached);
  void End(uint64_t id);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::map<CertificateKey, Revocation> revoked_;
  uint64_t applied_ = 0;
  std::map<CertificateKey, TimePoint> issued_;
  std::deque<CertificateKey> issued_order_;
  std::optional<BootTime> lease_end_;
  std::map<uint64_t, UnderWay> under_way_;
  uint64_t next_id_ = 0;
  ResponseCache cache_;
};

}  // namespace mayfly::ocsp
