#include "ports/proposals.h"

namespace mayfly {
namespace {

Error Refused(std::string rule, std::string message) {
  return Fail(ErrorCode::kFailedPrecondition, std::move(rule), std::move(message));
}

Error Ended(const ProposalRecord& proposal) {
  const bool executed = proposal.state == ProposalState::kExecuted;
  return Refused("proposal.ended", std::string("the proposal has been ") +
                                       (executed ? "carried out by " : "withdrawn by ") +
                                       Escape(proposal.end->principal));
}

Error Expired() {
  return Refused("proposal.expired", "the proposal has expired; it can be proposed again");
}

}  // namespace

ProposalPosition PositionOf(const ProposalRecord& proposal) {
  return {proposal.created_at, proposal.id};
}

Error NoSuchProposal() {
  return Fail(ErrorCode::kNotFound, "proposal.not-found", "there is no such proposal");
}

Error SamePerson(const policy::Principal& proposer) {
  return Fail(
      ErrorCode::kPolicyDenied, "approval.same-person",
      "a proposal is approved by another admin than " + Escape(proposer.id) + ", with another key");
}

Error ProposerGone() {
  return Refused("approval.proposer",
                 "the certificate of who proposed it has been revoked, or has expired");
}

Error ApproverGone() {
  return Fail(ErrorCode::kUnauthenticated, "peer.revoked",
              "the client certificate has been revoked, or has expired");
}

Status RequireOpen(const ProposalRecord& proposal, const std::string& approver) {
  switch (proposal.state) {
    case ProposalState::kOpen:
      return Ok();
    case ProposalState::kExecuted:
      if (proposal.end->principal == approver) return Ok();
      return Ended(proposal);
    case ProposalState::kWithdrawn:
      return Ended(proposal);
    case ProposalState::kExpired:
      return Expired();
    case ProposalState::kOutdated:
      return Fail(ErrorCode::kConflict, "policy.outdated",
                  "another version of the policy came into force since it was proposed; propose it "
                  "anew against that");
  }
  return NoSuchProposal();
}

Status RequireWithdrawable(const ProposalRecord& proposal) {
  if (proposal.state == ProposalState::kExecuted) return Ended(proposal);
  if (proposal.state == ProposalState::kExpired) return Expired();
  return Ok();
}

}  // namespace mayfly
