#include "rpc/proposal_calls.h"

#include <utility>

#include "rpc/convert.h"
#include "rpc/resource_name.h"

namespace mayfly::rpc {
namespace {

// What a page token is good for: this list, for this caller.
std::string ListOf(const v1::ListProposalsRequest& request, const policy::Principal& principal) {
  return std::string("proposals\n") + (request.with_ended() ? "all" : "open") + '\n' +
         principal.id + '\n' + principal.request_scope;
}

}  // namespace

Task<Status> ServeBatchRevoke(UseCases& use_cases, const Caller& caller,
                              const v1::BatchRevokeCertificatesRequest& request,
                              v1::BatchRevokeCertificatesResponse& response, BootTime deadline) {
  CO_TRY_ASSIGN(issuance::RevokeAllRequest wish, ToRevokeAllRequest(request, caller.principal()));
  CO_TRY_ASSIGN(const issuance::RevokedCertificates revoked,
                co_await use_cases.RevokeAll(std::move(wish), deadline));
  FromRevokedAll(revoked, response);
  co_return Ok();
}

Task<Status> ServeCreateProposal(UseCases& use_cases, const Caller& caller,
                                 const v1::CreateProposalRequest& request, v1::Proposal& response,
                                 BootTime deadline) {
  CO_TRY_ASSIGN(issuance::ProposeRequest wish, ToProposeRequest(request, caller.principal()));
  CO_TRY_ASSIGN(const ProposalRecord proposal,
                co_await use_cases.Propose(std::move(wish), deadline));
  FromProposal(proposal, response);
  co_return Ok();
}

Task<Status> ServeGetProposal(UseCases& use_cases, const Caller&,
                              const v1::GetProposalRequest& request, v1::Proposal& response,
                              BootTime deadline) {
  CO_TRY_ASSIGN(const Uuid id, ParseProposalName(request.name()));
  CO_TRY_ASSIGN(const ProposalRecord proposal, co_await use_cases.ShowProposal(id, deadline));
  FromProposal(proposal, response);
  co_return Ok();
}

Task<Status> ServeListProposals(UseCases& use_cases, const PageTokens& page_tokens,
                                const Caller& caller, const v1::ListProposalsRequest& request,
                                v1::ListProposalsResponse& response, BootTime deadline) {
  const std::string list = ListOf(request, caller.principal());
  CO_TRY_ASSIGN(ProposalQuery query, ToProposalQuery(request));
  if (!request.page_token().empty()) {
    CO_TRY_ASSIGN(query.after, page_tokens.OpenProposals(request.page_token(), list));
  }
  CO_TRY_ASSIGN(const ProposalPage page, co_await use_cases.ListProposals(query, deadline));
  for (const ProposalRecord& proposal : page.proposals) {
    FromProposal(proposal, *response.add_proposals());
  }
  if (page.next) response.set_next_page_token(page_tokens.Seal(*page.next, list));
  co_return Ok();
}

Task<Status> ServeApproveProposal(UseCases& use_cases, const Caller& caller,
                                  const v1::ApproveProposalRequest& request,
                                  v1::ApproveProposalResponse& response, BootTime deadline) {
  CO_TRY_ASSIGN(issuance::ApproveRequest wish, ToApproveRequest(request, caller.principal()));
  CO_TRY_ASSIGN(const issuance::ApprovedProposal approved,
                co_await use_cases.Approve(std::move(wish), deadline));
  FromProposal(approved.proposal, *response.mutable_proposal());
  if (approved.good_answers_until) {
    SetTime(*approved.good_answers_until, *response.mutable_good_answers_expire_time());
  }
  co_return Ok();
}

Task<Status> ServeWithdrawProposal(UseCases& use_cases, const Caller& caller,
                                   const v1::WithdrawProposalRequest& request,
                                   v1::Proposal& response, BootTime deadline) {
  CO_TRY_ASSIGN(const Uuid id, ParseProposalName(request.name()));
  policy::Principal principal = caller.principal();
  CO_TRY_ASSIGN(const ProposalRecord proposal,
                co_await use_cases.Withdraw(std::move(principal), id, deadline));
  FromProposal(proposal, response);
  co_return Ok();
}

}  // namespace mayfly::rpc
