// Port: what may need two persons. Proposals, which are carried out when another person approves;
// and mass revocation, as it is where nobody else is needed. Implemented by store/proposals.h
// (PostgreSQL) and tests/fakes/memory_ledger.h; tests/contract/proposals_test.cc is the suite for
// both.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/task.h"
#include "policy/proposal.h"
#include "ports/ledger.h"

namespace mayfly {

struct NewProposal {
  Uuid id;
  policy::ProposalPayload payload;
  Hash256 payload_sha256;
  policy::Principal proposer;  // with key_hash and serial
  Seconds lifetime;            // from the database's now on
};

enum class ProposalState : uint8_t {
  kOpen = 1,
  kExecuted = 2,
  kWithdrawn = 3,
  kExpired = 4,   // by the database's clock
  kOutdated = 5,  // a policy whose base version is not in force any more
};

// How it ended, where somebody ended it.
struct ProposalEnd {
  std::string principal;
  TimePoint at;
  std::optional<uint64_t> policy_version{};  // that came into force
};

struct ProposalRecord {
  Uuid id;
  policy::ProposalPayload payload;
  size_t certificate_count;  // of a mass revocation
  Hash256 payload_sha256;
  policy::Principal proposer;
  TimePoint created_at;
  TimePoint expires_at;
  ProposalState state;
  std::optional<ProposalEnd> end{};
};

enum class ProposalsListed : uint8_t { kOpen, kAll };

// A place in the list: the newest is first.
struct ProposalPosition {
  TimePoint created_at;
  Uuid id;
  friend auto operator<=>(const ProposalPosition&, const ProposalPosition&) = default;
};

ProposalPosition PositionOf(const ProposalRecord& proposal);

struct ProposalQuery {
  ProposalsListed listed;
  std::optional<ProposalPosition> after;  // nothing: from the newest
  size_t count_max;                       // at least 1
};

struct ProposalPage {
  std::vector<ProposalRecord> proposals;
  std::optional<ProposalPosition> next;  // nothing: there is no more
};

// Certificates to revoke in one act.
struct RevocationTarget {
  CertificateKey key;
  std::optional<Hash256> compromised_key{};  // SHA-256 of the SPKI, to be blocked in the same act
};
struct MassRevocationEntry {
  std::vector<RevocationTarget> targets;  // at least one
  RevocationReason reason;
  std::string principal;
  uint64_t decision;  // the control number that it was allowed under
};
struct MassRevocationReceipt {
  std::vector<RevokeReceipt> revocations;  // in the order of the targets
  // No `good` answer given before any of them is valid after this.
  TimePoint good_answers_until;
};

struct ProposalApproval {
  Uuid id;
  policy::Principal approver;  // with key_hash, serial and place
  uint64_t decision;           // the control number that both persons were judged under
  // What the payload says, which the approver's hash is of.
  std::variant<policy::PolicyChange, std::vector<RevocationTarget>> act;
  RevocationReason reason = RevocationReason::kUnspecified;  // of a mass revocation
};
struct ApprovalReceipt {
  std::optional<uint64_t> policy_version{};           // that came into force
  std::optional<MassRevocationReceipt> revocation{};  // what was revoked
};

// Ok where `approver` may approve it as far as its state goes: it is open, or has been executed by
// their own approval. Errors: kFailedPrecondition "proposal.ended", "proposal.expired"; kConflict
// "policy.outdated".
Status RequireOpen(const ProposalRecord& proposal, const std::string& approver);

class Proposals {
 public:
  virtual ~Proposals() = default;

  // Durable on return, with an event "proposal.created". What the proposer's lineage has open
  // with this payload already is given instead.
  virtual Task<Result<ProposalRecord>> Propose(NewProposal proposal, BootTime deadline) = 0;

  // With its whole payload, as it was proposed. What is returned is durable.
  virtual Task<Result<std::optional<ProposalRecord>>> FindProposal(Uuid id, BootTime deadline) = 0;

  // The newest first, with empty texts and lists in their payloads; durable.
  virtual Task<Result<ProposalPage>> ListProposals(ProposalQuery query, BootTime deadline) = 0;

  // Carries it out once, in one transaction, with an event "proposal.approved"; durable on return,
  // and as Ledger's ActivatePolicy and Revoke say. Again by the same approver: the same receipt.
  // Errors: those of RequireOpen; kNotFound "proposal.not-found"; kPolicyDenied
  // "approval.same-person" (the lineages of the two have had one key: the ledger says so of every
  // generation in use, and of the others within seconds) and "renewal.superseded" (of the
  // approver); kFailedPrecondition "approval.proposer" and kUnauthenticated "peer.revoked" (the
  // certificate of one of the two is revoked, or the newest one in use of its lineage is, or has
  // expired); kDecisionStale (judge again); as Ledger's ActivatePolicy and Revoke.
  virtual Task<Result<ApprovalReceipt>> Execute(ProposalApproval approval, BootTime deadline) = 0;

  // Durable on return, with an event "proposal.withdrawn". Again: the same. Errors: kNotFound
  // "proposal.not-found"; kFailedPrecondition "proposal.ended" (it has been executed),
  // "proposal.expired".
  virtual Task<Status> Withdraw(Uuid id, std::string principal, BootTime deadline) = 0;

  // All or none, in one transaction, each as Ledger::Revoke. Errors: as Ledger::Revoke;
  // kDecisionStale.
  virtual Task<Result<MassRevocationReceipt>> RevokeAll(MassRevocationEntry entry,
                                                        BootTime deadline) = 0;
};

// What implementations answer alike.
Error NoSuchProposal();
Error SamePerson(const policy::Principal& proposer);
Error ProposerGone();
Error ApproverGone();
// Ok where it may be withdrawn, or has been. Errors: as Proposals::Withdraw.
Status RequireWithdrawable(const ProposalRecord& proposal);

}  // namespace mayfly
