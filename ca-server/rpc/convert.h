// Between the messages of the API and the types of the use cases. What comes in is checked for
// size and form here; what it means is policy's question.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "issuance/certificate_authority.h"
#include "mayfly/ca/v1/certificate_authority.pb.h"

namespace mayfly::rpc {

namespace v1 = ::mayfly::ca::v1;

constexpr size_t kProfileNameBytesMax = 63;
// "email:" and the longest name there is, a URI.
constexpr size_t kNameTextBytesMax = 2048 + 6;
// Far beyond any profile; keeps sums of times in range.
constexpr Seconds kLifetimeMax{std::chrono::hours(24 * 366 * 100)};

constexpr size_t kSignatureBytesMax = 1024;

constexpr int kPageSizeDefault = 100;
constexpr int kPageSizeMax = 1000;

void SetTime(TimePoint time, google::protobuf::Timestamp& out);

// The names of a request's `field`. Errors: kInvalidArgument "request.names" (too many), "name.*"
// with a violation for each bad name.
Result<x509::GeneralNames> ReadNames(const google::protobuf::RepeatedPtrField<std::string>& texts,
                                     std::string_view field);

// Errors: kInvalidArgument "csr.size", "request.profile", "request.names" (too many), "name.*" with
// a violation for each bad name, "request.lifetime", "request-id.format".
Result<issuance::IssueRequest> ToIssueRequest(const v1::IssueCertificateRequest& message,
                                              policy::Principal principal);
// Errors: kInvalidArgument "csr.size", "request.lifetime", "request-id.format".
Result<issuance::RenewRequest> ToRenewRequest(const v1::RenewCertificateRequest& message,
                                              x509::Certificate current);
// Errors: those, and kInvalidArgument "renewal.certificate" (none), "renewal.signature-size",
// "request-id.required".
Result<issuance::RenewExpiredRequest> ToRenewExpiredRequest(
    const v1::RenewExpiredCertificateRequest& message);
// Errors: kInvalidArgument "request.profile", "request.names", "name.*", "request.lifetime",
// "enrolment.uses".
Result<issuance::CreateTokenRequest> ToCreateTokenRequest(
    const v1::CreateEnrolmentTokenRequest& message, policy::Principal principal);
void FromToken(const EnrolmentTokenRecord& token, v1::EnrolmentToken& message);
// The same errors as ToIssueRequest's.
Result<issuance::ExplainRequest> ToExplainRequest(const v1::ExplainIssuanceRequest& message,
                                                  policy::Principal principal);
// But for the page token. Errors: kInvalidArgument "name.*", "list.*".
Result<issuance::ListRequest> ToListRequest(const v1::ListCertificatesRequest& message,
                                            policy::Principal principal);
// Errors: kInvalidArgument "name.*", "revocation.reason".
Result<issuance::RevokeRequest> ToRevokeRequest(const v1::RevokeCertificateRequest& message,
                                                policy::Principal principal);
Result<RevocationReason> ToRevocationReason(v1::RevocationReason reason);
v1::RevocationReason FromRevocationReason(RevocationReason reason);
// Errors: kInvalidArgument "revocation.count", "name.*" with a violation for each bad name,
// "revocation.reason".
Result<issuance::RevokeAllRequest> ToRevokeAllRequest(
    const v1::BatchRevokeCertificatesRequest& message, policy::Principal principal);
void FromRevokedAll(const issuance::RevokedCertificates& revoked,
                    v1::BatchRevokeCertificatesResponse& message);

// Errors: those, and kInvalidArgument "proposal.payload" (none), "policy.base-version".
Result<issuance::ProposeRequest> ToProposeRequest(const v1::CreateProposalRequest& message,
                                                  policy::Principal principal);
// Errors: kInvalidArgument "name.proposal", "proposal.hash".
Result<issuance::ApproveRequest> ToApproveRequest(const v1::ApproveProposalRequest& message,
                                                  policy::Principal principal);
Result<ProposalQuery> ToProposalQuery(const v1::ListProposalsRequest& message);
void FromProposal(const ProposalRecord& proposal, v1::Proposal& message);

// But for the page token. Errors: kInvalidArgument "list.*".
Result<EventQuery> ToEventQuery(const v1::ListEventsRequest& message);
// Error kInternal "ledger.event": its detail is no JSON object.
Status FromEvent(const ListedEvent& listed, v1::Event& message);
// Error: kInvalidArgument "list.page-size".
Result<size_t> ToCountMax(const v1::ListAlertsRequest& message);
// The same.
Result<size_t> ReadPageSize(int32_t size);
void FromAlerts(const AlertList& list, v1::ListAlertsResponse& message);
// Error: kInvalidArgument "policy.base-version".
Result<issuance::ApplyPolicyRequest> ToApplyPolicyRequest(const v1::ApplyPolicyRequest& message,
                                                          policy::Principal principal);

void FromIssued(const issuance::IssuedCertificate& issued, v1::IssueCertificateResponse& message);
void FromIssued(const issuance::IssuedCertificate& issued, v1::RenewCertificateResponse& message);
void FromIssued(const issuance::IssuedCertificate& issued,
                v1::RenewExpiredCertificateResponse& message);
void FromExplanation(const issuance::IssuanceExplanation& explanation,
                     v1::ExplainIssuanceResponse& message);
// `now` tells an active certificate from an expired one. Error kInternal "ledger.tbs": what the
// ledger holds is not a TBSCertificate.
Status FromShown(const issuance::ShownCertificate& shown, TimePoint now, v1::Certificate& message);
Status FromRevoked(const issuance::RevokedCertificate& revoked, TimePoint now,
                   v1::RevokeCertificateResponse& message);
void FromBundle(const issuance::TrustBundle& bundle, v1::TrustBundle& message);

}  // namespace mayfly::rpc
