// An in-memory Ledger and CertificateIndex that behave: the contract suites in tests/contract run
// against it as against PostgreSQL. Faults come in pairs: a commit that failed and persisted
// nothing, or everything.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "ports/alert_index.h"
#include "ports/certificate_index.h"
#include "ports/enrolment_tokens.h"
#include "ports/event_index.h"
#include "ports/ledger.h"
#include "ports/lineages.h"
#include "ports/proposals.h"

namespace mayfly::fakes {

// Gives what it was made with.
class FixedAlerts final : public AlertIndex {
 public:
  Task<Result<AlertList>> Alerts(size_t, BootTime) override { co_return list; }
  AlertList list{};
};

enum class CommitFault { kDidPersist, kDidNotPersist };

class MemoryLedger final : public Ledger,
                           public Lineages,
                           public CertificateIndex,
                           public EventIndex,
                           public EnrolmentTokens,
                           public Proposals {
 public:
  explicit MemoryLedger(const Clock& clock) : clock_(clock) {}

  Task<Result<RecordedTbs>> Record(RecordEntry entry, BootTime deadline) override;
  Task<Result<Outcome>> Settle(SettleEntry entry, BootTime deadline) override;
  Task<Result<std::optional<PriorAttempt>>> FindRequest(RequestKey key, BootTime deadline) override;
  Task<Result<std::optional<CertificateRecord>>> FindCertificate(CertificateKey key,
                                                                 Reading reading,
                                                                 BootTime deadline) override;
  Task<Result<RevokeReceipt>> Revoke(RevokeEntry entry, BootTime deadline) override;
  Task<Result<StoredBasis>> LoadBasis(BootTime deadline) override;
  Task<Result<uint64_t>> ActivatePolicy(PolicyEntry entry, BootTime deadline) override;
  Task<Result<bool>> IsAnothersKey(KeyClaim claim, BootTime deadline) override;
  Task<Result<uint64_t>> AddBlock(BlockEntry entry, BootTime deadline) override;
  Task<Result<CertificateKey>> NoteUse(LineageUse use, BootTime deadline) override;
  Task<Result<std::optional<CertificateKey>>> FindSuccessor(policy::LineagePlace place,
                                                            BootTime deadline) override;
  void Note(Event event) override;
  Task<Result<IndexPage>> Page(IndexQuery query, BootTime deadline) override;
  Task<Result<EventPage>> Page(EventQuery query, BootTime deadline) override;

  Task<Result<EnrolmentTokenRecord>> Create(NewEnrolmentToken token, BootTime deadline) override;
  Task<Result<std::optional<EnrolmentTokenRecord>>> Find(Hash256 token_hash,
                                                         BootTime deadline) override;
  Task<Result<std::optional<EnrolmentTokenRecord>>> FindById(Uuid id, BootTime deadline) override;
  Task<Result<std::vector<EnrolmentTokenRecord>>> Unexpired(std::optional<std::string> made_by,
                                                            BootTime deadline) override;

  Task<Result<ProposalRecord>> Propose(NewProposal proposal, BootTime deadline) override;
  Task<Result<std::optional<ProposalRecord>>> FindProposal(Uuid id, BootTime deadline) override;
  Task<Result<ProposalPage>> ListProposals(ProposalQuery query, BootTime deadline) override;
  Task<Result<ApprovalReceipt>> Execute(ProposalApproval approval, BootTime deadline) override;
  Task<Status> Withdraw(Uuid id, std::string principal, BootTime deadline) override;
  Task<Result<MassRevocationReceipt>> RevokeAll(MassRevocationEntry entry,
                                                BootTime deadline) override;
  void AlterProposal(Uuid id, policy::ProposalPayload payload);  // as only its owner could

  void AddBlock(policy::Block block);  // the same, at once
  // The next Record or Settle answers kCommitInDoubt (persisted) or kStoreUnavailable (not).
  void FailNextCommit(CommitFault fault);
  // After so many more calls, one answers that its time is up and does nothing.
  void FailCallAfter(size_t calls);
  // No call fails any more. Whether one has, as FailCallAfter said.
  bool EndFailing();
  void AlterRecord(const CertificateKey& key, Bytes tbs);  // as only its owner could
  std::vector<Event> events() const;
  size_t record_count() const;
  size_t abandoned_count() const;

 private:
  struct Entry {
    Bytes tbs;
    RecordFacts facts;
    TimePoint not_after;
    TimePoint recorded_at;
    std::optional<Outcome> outcome;
    std::optional<Revocation> revocation;
  };
  struct Attempt {
    Hash256 body_hash;
    CertificateKey certificate;
  };
  using AttemptKey = std::pair<RequestKey, uint16_t>;

  static bool Matches(const Entry& entry, const IndexQuery& query);
  std::optional<Error> RefuseRecord(const RecordEntry& entry) const;
  std::optional<Error> RefuseAttempt(const RequestAttempt& request) const;
  std::optional<CommitFault> TakeFault();
  bool IsLate(BootTime deadline);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<CertificateKey, Entry> records_;
  std::map<AttemptKey, Attempt> attempts_;
  std::optional<Error> UseParent(const RecordEntry& entry);
  std::map<std::pair<Uuid, uint32_t>, CertificateKey> uses_;
  std::optional<Error> UseToken(const RecordEntry& entry);
  EnrolmentTokenRecord TokenNow(const EnrolmentTokenRecord& token) const;
  std::vector<EnrolmentTokenRecord> tokens_;  // the oldest first
  std::map<Hash256, std::set<Uuid>> token_uses_;
  std::map<Hash256, Hash256> key_claims_;
  bool IsClaimedOrHeld(const KeyClaim& claim) const;
  std::set<policy::Block> blocks_;
  std::vector<std::string> policies_;
  Result<uint64_t> ActivateNow(PolicyEntry entry);
  RevokeReceipt RevokeNow(const RevokeEntry& entry);
  Result<MassRevocationReceipt> RevokeAllNow(const std::vector<RevocationTarget>& targets,
                                             RevocationReason reason, const std::string& principal);
  bool IsStanding(const x509::SerialNumber& serial) const;
  std::optional<CertificateKey> SuccessorOf(const policy::LineagePlace& place) const;
  const Entry* EntryOf(const x509::SerialNumber& serial) const;
  // Of every generation; of the certificate that they show what they say.
  std::set<Hash256> KeysOfLineage(const policy::Principal& holder) const;
  ProposalState StateNow(const ProposalRecord& proposal) const;
  std::map<Uuid, ProposalRecord> proposals_;  // by time
  void NoteNow(Event event);
  std::vector<ListedEvent> events_;
  uint64_t decision_ = 1;
  uint64_t revocations_ = 0;
  std::optional<CommitFault> fault_;
  std::optional<size_t> calls_until_late_;
};

}  // namespace mayfly::fakes
