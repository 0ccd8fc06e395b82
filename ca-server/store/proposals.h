// PgProposals: acts of two persons, on PostgreSQL. Thread and session are its own.
#pragma once

#include "ports/proposals.h"
#include "store/certificate_index.h"

namespace mayfly::store {

class PgProposals final : public Proposals {
 public:
  explicit PgProposals(const IndexOptions& options);

  Task<Result<ProposalRecord>> Propose(NewProposal proposal, BootTime deadline) override;
  Task<Result<std::optional<ProposalRecord>>> FindProposal(Uuid id, BootTime deadline) override;
  Task<Result<ProposalPage>> ListProposals(ProposalQuery query, BootTime deadline) override;
  Task<Result<ApprovalReceipt>> Execute(ProposalApproval approval, BootTime deadline) override;
  Task<Status> Withdraw(Uuid id, std::string principal, BootTime deadline) override;
  Task<Result<MassRevocationReceipt>> RevokeAll(MassRevocationEntry entry,
                                                BootTime deadline) override;

 private:
  Task<Result<MassRevocationReceipt>> Awaited(MassRevocationReceipt receipt, BootTime deadline);
  SessionWorkers workers_;
};

}  // namespace mayfly::store
