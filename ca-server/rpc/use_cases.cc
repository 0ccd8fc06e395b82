#include "rpc/use_cases.h"

#include <utility>

namespace mayfly::rpc {
namespace {

class AuthorityUseCases final : public UseCases {
 public:
  explicit AuthorityUseCases(issuance::CertificateAuthority& authority) : authority_(authority) {}

  Task<Result<policy::Principal>> Identify(x509::Certificate peer, BootTime deadline) override {
    return authority_.Identify(std::move(peer), deadline);
  }
  Task<Result<policy::Principal>> IdentifyToken(Hash256 token_hash, BootTime deadline) override {
    return authority_.IdentifyToken(token_hash, deadline);
  }
  Task<Status> RequireRole(policy::Principal principal, policy::Roles needed,
                           BootTime deadline) override {
    return authority_.RequireRole(std::move(principal), needed, deadline);
  }
  Task<Result<issuance::IssuedCertificate>> Issue(issuance::IssueRequest request,
                                                  BootTime deadline) override {
    return authority_.Issue(std::move(request), deadline);
  }
  void NoteUnreadable(const policy::Principal& principal, const std::string& profile,
                      const Error& error) override {
    authority_.NoteUnreadable(principal, profile, error);
  }
  Task<Result<issuance::IssuedCertificate>> Renew(issuance::RenewRequest request,
                                                  BootTime deadline) override {
    return authority_.Renew(std::move(request), deadline);
  }
  Task<Result<issuance::IssuedCertificate>> RenewExpired(issuance::RenewExpiredRequest request,
                                                         BootTime deadline) override {
    return authority_.RenewExpired(std::move(request), deadline);
  }
  Task<Result<InclusionProof>> Prove(std::string issuer, x509::SerialNumber serial,
                                     BootTime deadline) override {
    return authority_.Prove(std::move(issuer), std::move(serial), deadline);
  }
  Task<Result<issuance::CreatedToken>> CreateToken(issuance::CreateTokenRequest request,
                                                   BootTime deadline) override {
    return authority_.CreateToken(std::move(request), deadline);
  }
  Task<Result<std::vector<EnrolmentTokenRecord>>> ListTokens(policy::Principal principal,
                                                             BootTime deadline) override {
    return authority_.ListTokens(std::move(principal), deadline);
  }
  Task<Status> RevokeToken(policy::Principal principal, Uuid token, BootTime deadline) override {
    return authority_.RevokeToken(std::move(principal), token, deadline);
  }
  Task<Status> Acknowledge(issuance::AcknowledgeRequest request, BootTime deadline) override {
    return authority_.Acknowledge(std::move(request), deadline);
  }
  Task<Result<issuance::ShownCertificate>> Show(policy::Principal principal, std::string issuer,
                                                x509::SerialNumber serial,
                                                BootTime deadline) override {
    return authority_.Show(std::move(principal), std::move(issuer), std::move(serial), deadline);
  }
  Task<Result<issuance::CertificateList>> List(issuance::ListRequest request,
                                               BootTime deadline) override {
    return authority_.List(std::move(request), deadline);
  }
  Task<Result<issuance::RevokedCertificate>> Revoke(issuance::RevokeRequest request,
                                                    BootTime deadline) override {
    return authority_.Revoke(std::move(request), deadline);
  }
  Task<Result<issuance::RevokedCertificates>> RevokeAll(issuance::RevokeAllRequest request,
                                                        BootTime deadline) override {
    return authority_.RevokeAll(std::move(request), deadline);
  }
  Task<Result<ProposalRecord>> Propose(issuance::ProposeRequest request,
                                       BootTime deadline) override {
    return authority_.Propose(std::move(request), deadline);
  }
  Task<Result<ProposalRecord>> ShowProposal(Uuid proposal, BootTime deadline) override {
    return authority_.ShowProposal(proposal, deadline);
  }
  Task<Result<ProposalPage>> ListProposals(ProposalQuery query, BootTime deadline) override {
    return authority_.ListProposals(query, deadline);
  }
  Task<Result<issuance::ApprovedProposal>> Approve(issuance::ApproveRequest request,
                                                   BootTime deadline) override {
    return authority_.Approve(std::move(request), deadline);
  }
  Task<Result<ProposalRecord>> Withdraw(policy::Principal principal, Uuid proposal,
                                        BootTime deadline) override {
    return authority_.Withdraw(std::move(principal), proposal, deadline);
  }
  Task<Result<EventPage>> ListEvents(EventQuery query, BootTime deadline) override {
    return authority_.ListEvents(std::move(query), deadline);
  }
  Task<Result<AlertList>> ListAlerts(size_t count_max, BootTime deadline) override {
    return authority_.ListAlerts(count_max, deadline);
  }
  Task<Result<Bytes>> ReadAuditLog(std::string name, BootTime deadline) override {
    return authority_.ReadAuditLog(std::move(name), deadline);
  }
  issuance::TrustBundle Bundle() const override { return authority_.Bundle(); }
  Task<Result<issuance::IssuanceExplanation>> Explain(issuance::ExplainRequest request,
                                                      BootTime deadline) override {
    return authority_.Explain(std::move(request), deadline);
  }
  Task<Result<StoredBasis>> ShowPolicy(BootTime deadline) override {
    return authority_.ShowPolicy(deadline);
  }
  Task<Result<issuance::AppliedPolicy>> ApplyPolicy(issuance::ApplyPolicyRequest request,
                                                    BootTime deadline) override {
    return authority_.ApplyPolicy(std::move(request), deadline);
  }

 private:
  issuance::CertificateAuthority& authority_;
};

}  // namespace

std::unique_ptr<UseCases> UseCasesOf(issuance::CertificateAuthority& authority) {
  return std::make_unique<AuthorityUseCases>(authority);
}

}  // namespace mayfly::rpc
