// The calls about acts of two persons, and about many certificates at once: handlers that need no
// more than the use cases, and the places in their lists.
#pragma once

#include "mayfly/ca/v1/certificate_authority.pb.h"
#include "rpc/access.h"
#include "rpc/page_token.h"

namespace mayfly::rpc {

Task<Status> ServeBatchRevoke(UseCases& use_cases, const Caller& caller,
                              const v1::BatchRevokeCertificatesRequest& request,
                              v1::BatchRevokeCertificatesResponse& response, BootTime deadline);
Task<Status> ServeCreateProposal(UseCases& use_cases, const Caller& caller,
                                 const v1::CreateProposalRequest& request, v1::Proposal& response,
                                 BootTime deadline);
Task<Status> ServeGetProposal(UseCases& use_cases, const Caller& caller,
                              const v1::GetProposalRequest& request, v1::Proposal& response,
                              BootTime deadline);
Task<Status> ServeListProposals(UseCases& use_cases, const PageTokens& page_tokens,
                                const Caller& caller, const v1::ListProposalsRequest& request,
                                v1::ListProposalsResponse& response, BootTime deadline);
Task<Status> ServeApproveProposal(UseCases& use_cases, const Caller& caller,
                                  const v1::ApproveProposalRequest& request,
                                  v1::ApproveProposalResponse& response, BootTime deadline);
Task<Status> ServeWithdrawProposal(UseCases& use_cases, const Caller& caller,
                                   const v1::WithdrawProposalRequest& request,
                                   v1::Proposal& response, BootTime deadline);

}  // namespace mayfly::rpc
