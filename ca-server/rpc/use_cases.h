// What the service asks of the CA: issuance::CertificateAuthority in the server, a fake in tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "issuance/certificate_authority.h"

namespace mayfly::rpc {

class UseCases {
 public:
  virtual ~UseCases() = default;
  virtual Task<Result<policy::Principal>> Identify(x509::Certificate peer, BootTime deadline) = 0;
  virtual Task<Result<policy::Principal>> IdentifyToken(Hash256 token_hash, BootTime deadline) = 0;
  virtual Task<Status> RequireRole(policy::Principal principal, policy::Roles needed,
                                   BootTime deadline) = 0;
  virtual Task<Result<issuance::IssuedCertificate>> Issue(issuance::IssueRequest request,
                                                          BootTime deadline) = 0;
  virtual void NoteUnreadable(const policy::Principal& principal, const std::string& profile,
                              const Error& error) = 0;
  virtual Task<Result<issuance::IssuedCertificate>> Renew(issuance::RenewRequest request,
                                                          BootTime deadline) = 0;
  virtual Task<Result<issuance::IssuedCertificate>> RenewExpired(
      issuance::RenewExpiredRequest request, BootTime deadline) = 0;
  virtual Task<Result<InclusionProof>> Prove(std::string issuer, x509::SerialNumber serial,
                                             BootTime deadline) = 0;
  virtual Task<Result<issuance::CreatedToken>> CreateToken(issuance::CreateTokenRequest request,
                                                           BootTime deadline) = 0;
  virtual Task<Result<std::vector<EnrolmentTokenRecord>>> ListTokens(policy::Principal principal,
                                                                     BootTime deadline) = 0;
  virtual Task<Status> RevokeToken(policy::Principal principal, Uuid token, BootTime deadline) = 0;
  virtual Task<Status> Acknowledge(issuance::AcknowledgeRequest request, BootTime deadline) = 0;
  virtual Task<Result<issuance::ShownCertificate>> Show(policy::Principal principal,
                                                        std::string issuer,
                                                        x509::SerialNumber serial,
                                                        BootTime deadline) = 0;
  virtual Task<Result<issuance::CertificateList>> List(issuance::ListRequest request,
                                                       BootTime deadline) = 0;
  virtual Task<Result<issuance::RevokedCertificate>> Revoke(issuance::RevokeRequest request,
                                                            BootTime deadline) = 0;
  virtual Task<Result<issuance::RevokedCertificates>> RevokeAll(issuance::RevokeAllRequest request,
                                                                BootTime deadline) = 0;
  virtual Task<Result<ProposalRecord>> Propose(issuance::ProposeRequest request,
                                               BootTime deadline) = 0;
  virtual Task<Result<ProposalRecord>> ShowProposal(Uuid proposal, BootTime deadline) = 0;
  virtual Task<Result<ProposalPage>> ListProposals(ProposalQuery query, BootTime deadline) = 0;
  virtual Task<Result<issuance::ApprovedProposal>> Approve(issuance::ApproveRequest request,
                                                           BootTime deadline) = 0;
  virtual Task<Result<ProposalRecord>> Withdraw(policy::Principal principal, Uuid proposal,
                                                BootTime deadline) = 0;
  virtual Task<Result<EventPage>> ListEvents(EventQuery query, BootTime deadline) = 0;
  virtual Task<Result<AlertList>> ListAlerts(size_t count_max, BootTime deadline) = 0;
  virtual Task<Result<Bytes>> ReadAuditLog(std::string name, BootTime deadline) = 0;
  virtual issuance::TrustBundle Bundle() const = 0;
  virtual Task<Result<issuance::IssuanceExplanation>> Explain(issuance::ExplainRequest request,
                                                              BootTime deadline) = 0;
  virtual Task<Result<StoredBasis>> ShowPolicy(BootTime deadline) = 0;
  virtual Task<Result<issuance::AppliedPolicy>> ApplyPolicy(issuance::ApplyPolicyRequest request,
                                                            BootTime deadline) = 0;
};

// `authority` must outlive what is returned.
std::unique_ptr<UseCases> UseCasesOf(issuance::CertificateAuthority& authority);

}  // namespace mayfly::rpc
