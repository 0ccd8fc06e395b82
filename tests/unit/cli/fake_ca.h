// A CA that answers the command line over TLS, always the same. Callers whose certificate names
// them "guest" have no role.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "mayfly/ca/v1/certificate_authority.grpc.pb.h"
#include "tests/unit/rpc/test_pki.h"

namespace mayfly::cli {

class FakeCa final : public ca::v1::CertificateAuthorityService::Service {
 public:
  // `golden` holds the certificates that it shows.
  FakeCa(const rpc::TestPki& pki, const std::filesystem::path& golden);
  ~FakeCa() override;
  std::string address() const { return "localhost:" + std::to_string(port_); }
  // Takes callers without a certificate.
  std::string enrolment_address() const { return "localhost:" + std::to_string(enrolment_port_); }

  using Context = grpc::ServerContext;
  // Grants web.internal and www.internal with the profile "server".
  grpc::Status IssueCertificate(Context*, const ca::v1::IssueCertificateRequest* request,
                                ca::v1::IssueCertificateResponse* response) override;
  grpc::Status RenewCertificate(Context*, const ca::v1::RenewCertificateRequest* request,
                                ca::v1::RenewCertificateResponse* response) override;
  grpc::Status AcknowledgeCertificate(Context*,
                                      const ca::v1::AcknowledgeCertificateRequest* request,
                                      ca::v1::AcknowledgeCertificateResponse* response) override;
  grpc::Status GetCertificate(Context*, const ca::v1::GetCertificateRequest* request,
                              ca::v1::Certificate* response) override;
  // Three are active, one has expired, one is revoked; two a page.
  grpc::Status ListCertificates(Context*, const ca::v1::ListCertificatesRequest* request,
                                ca::v1::ListCertificatesResponse* response) override;
  // Only an operator would revoke api.internal.
  grpc::Status RevokeCertificate(Context*, const ca::v1::RevokeCertificateRequest* request,
                                 ca::v1::RevokeCertificateResponse* response) override;
  // Two persons are needed.
  grpc::Status BatchRevokeCertificates(Context*,
                                       const ca::v1::BatchRevokeCertificatesRequest* request,
                                       ca::v1::BatchRevokeCertificatesResponse* response) override;
  grpc::Status CreateProposal(Context*, const ca::v1::CreateProposalRequest* request,
                              ca::v1::Proposal* response) override;
  // ...7 is a policy, ...8 a mass revocation, ...9 a policy that the caller proposed.
  grpc::Status GetProposal(Context*, const ca::v1::GetProposalRequest* request,
                           ca::v1::Proposal* response) override;
  grpc::Status ListProposals(Context*, const ca::v1::ListProposalsRequest* request,
                             ca::v1::ListProposalsResponse* response) override;
  // Works the hash out as the API says it, by itself.
  grpc::Status ApproveProposal(Context*, const ca::v1::ApproveProposalRequest* request,
                               ca::v1::ApproveProposalResponse* response) override;
  grpc::Status WithdrawProposal(Context*, const ca::v1::WithdrawProposalRequest* request,
                                ca::v1::Proposal* response) override;
  grpc::Status CreateEnrolmentToken(Context*, const ca::v1::CreateEnrolmentTokenRequest* request,
                                    ca::v1::CreateEnrolmentTokenResponse* response) override;
  grpc::Status ListEnrolmentTokens(Context*, const ca::v1::ListEnrolmentTokensRequest* request,
                                   ca::v1::ListEnrolmentTokensResponse* response) override;
  grpc::Status RevokeEnrolmentToken(Context*, const ca::v1::RevokeEnrolmentTokenRequest* request,
                                    ca::v1::RevokeEnrolmentTokenResponse* response) override;
  // To strangers it shows the root that its own TLS certificate is of.
  grpc::Status GetTrustBundle(Context*, const ca::v1::GetTrustBundleRequest* request,
                              ca::v1::TrustBundle* response) override;

  // Knows the rules "operators", "web" and "others".
  grpc::Status ExplainIssuance(Context*, const ca::v1::ExplainIssuanceRequest* request,
                               ca::v1::ExplainIssuanceResponse* response) override;
  // Refuses every text that does not begin with admins; on version 2 it wants two persons.
  grpc::Status ApplyPolicy(Context*, const ca::v1::ApplyPolicyRequest* request,
                           ca::v1::ApplyPolicyResponse* response) override;
  // The files of tests/golden/cli/audit-log.
  grpc::Status ReadAuditLog(Context*, const ca::v1::ReadAuditLogRequest* request,
                            ca::v1::ReadAuditLogResponse* response) override;
  // Two denials.
  grpc::Status ListEvents(Context*, const ca::v1::ListEventsRequest* request,
                          ca::v1::ListEventsResponse* response) override;
  // web.internal is overdue, and somebody has a copy of its key; three in all.
  grpc::Status ListAlerts(Context*, const ca::v1::ListAlertsRequest* request,
                          ca::v1::ListAlertsResponse* response) override;
  grpc::Status GetPolicy(Context*, const ca::v1::GetPolicyRequest*,
                         ca::v1::Policy* response) override;

 private:
  ca::v1::Proposal ProposalFor(const std::string& id) const;
  const std::filesystem::path golden_;
  std::string policy_text_;
  std::string leaf_der_, issuing_der_, root_der_, tls_root_der_;
  int port_ = 0, enrolment_port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace mayfly::cli
