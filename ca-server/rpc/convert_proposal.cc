// Proposals, and revocations of many.
#include <algorithm>
#include <utility>

#include "rpc/convert.h"
#include "rpc/resource_name.h"

namespace mayfly::rpc {
namespace {

Error Invalid(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

template <class Repeated>
Result<std::vector<policy::NamedCertificate>> ReadNames(const Repeated& texts) {
  if (texts.empty() || static_cast<size_t>(texts.size()) > policy::kMassRevocationMax) {
    return Invalid("revocation.count",
                   "name 1 to " + std::to_string(policy::kMassRevocationMax) + " certificates");
  }
  std::vector<policy::NamedCertificate> names;
  std::vector<Violation> violations;
  for (int i = 0; i < texts.size(); ++i) {
    auto name = CertificateName::Parse(texts[i]);
    if (name) {
      names.push_back({std::move(name->issuer), std::move(name->serial)});
    } else {
      violations.push_back(
          {name.error().rule, "names[" + std::to_string(i) + "]", name.error().message});
    }
  }
  if (violations.empty()) return names;
  Error error = Invalid(violations.front().rule, violations.front().message);
  error.violations = std::move(violations);
  return error;
}

template <class Repeated>
Result<policy::MassRevocation> ReadRevocation(const Repeated& names, v1::RevocationReason reason) {
  policy::MassRevocation revocation{{}, RevocationReason::kUnspecified};
  TRY_ASSIGN(revocation.reason, ToRevocationReason(reason));
  TRY_ASSIGN(revocation.certificates, ReadNames(names));
  return revocation;
}

std::string NameOf(const policy::NamedCertificate& certificate) {
  return CertificateName{certificate.issuer, certificate.serial}.ToString();
}

void SetPayload(const policy::PolicyChange& change, v1::Proposal& message) {
  message.mutable_policy_change()->set_policy_text(change.text);
  message.mutable_policy_change()->set_base_version(static_cast<int64_t>(change.base_version));
}

void SetPayload(const policy::MassRevocation& revocation, v1::Proposal& message) {
  v1::MassRevocation& out = *message.mutable_mass_revocation();
  for (const auto& certificate : revocation.certificates) {
    out.add_certificates(NameOf(certificate));
  }
  out.set_reason(FromRevocationReason(revocation.reason));
}

}  // namespace

Result<issuance::RevokeAllRequest> ToRevokeAllRequest(
    const v1::BatchRevokeCertificatesRequest& message, policy::Principal principal) {
  TRY_ASSIGN(auto revocation, ReadRevocation(message.names(), message.reason()));
  return issuance::RevokeAllRequest{std::move(principal), std::move(revocation)};
}

void FromRevokedAll(const issuance::RevokedCertificates& revoked,
                    v1::BatchRevokeCertificatesResponse& message) {
  for (size_t i = 0; i < revoked.certificates.size(); ++i) {
    const RevokeReceipt& receipt = revoked.receipt.revocations[i];
    v1::CertificateRevocation& out = *message.add_revocations();
    out.set_name(NameOf(revoked.certificates[i]));
    out.mutable_revocation()->set_reason(FromRevocationReason(receipt.revocation.reason));
    SetTime(receipt.revocation.revoked_at, *out.mutable_revocation()->mutable_revoke_time());
    out.set_already_revoked(receipt.was_revoked_before);
  }
  SetTime(revoked.receipt.good_answers_until, *message.mutable_good_answers_expire_time());
}

Result<issuance::ProposeRequest> ToProposeRequest(const v1::CreateProposalRequest& message,
                                                  policy::Principal principal) {
  if (message.has_policy_change()) {
    const v1::PolicyChange& change = message.policy_change();
    if (change.base_version() < 0) {
      return Invalid("policy.base-version", "base_version is 0 (no policy yet) or a version");
    }
    policy::PolicyChange payload{change.policy_text(),
                                 static_cast<uint64_t>(change.base_version())};
    return issuance::ProposeRequest{std::move(principal), std::move(payload)};
  }
  if (message.has_mass_revocation()) {
    const v1::MassRevocation& wanted = message.mass_revocation();
    TRY_ASSIGN(auto payload, ReadRevocation(wanted.certificates(), wanted.reason()));
    return issuance::ProposeRequest{std::move(principal), std::move(payload)};
  }
  return Invalid("proposal.payload", "propose a policy_change or a mass_revocation");
}

Result<issuance::ApproveRequest> ToApproveRequest(const v1::ApproveProposalRequest& message,
                                                  policy::Principal principal) {
  TRY_ASSIGN(const Uuid proposal, ParseProposalName(message.name()));
  issuance::ApproveRequest request{std::move(principal), proposal, {}};
  const auto hash = FromHex(message.payload_sha256());
  if (!hash || hash->size() != request.payload_sha256.size()) {
    return Invalid("proposal.hash", "payload_sha256 is 64 hex digits");
  }
  std::ranges::copy(*hash, request.payload_sha256.begin());
  return request;
}

Result<ProposalQuery> ToProposalQuery(const v1::ListProposalsRequest& message) {
  TRY_ASSIGN(const size_t count_max, ReadPageSize(message.page_size()));
  const auto listed = message.with_ended() ? ProposalsListed::kAll : ProposalsListed::kOpen;
  return ProposalQuery{listed, std::nullopt, count_max};
}

void FromProposal(const ProposalRecord& proposal, v1::Proposal& message) {
  message.set_name(ProposalName(proposal.id));
  std::visit([&message](const auto& payload) { SetPayload(payload, message); }, proposal.payload);
  if (message.has_mass_revocation()) {
    message.mutable_mass_revocation()->set_certificate_count(
        static_cast<int32_t>(proposal.certificate_count));
  }
  message.set_payload_sha256(ToHex(proposal.payload_sha256));
  message.set_state(static_cast<v1::Proposal::State>(proposal.state));
  message.set_proposer(proposal.proposer.id);
  SetTime(proposal.created_at, *message.mutable_create_time());
  SetTime(proposal.expires_at, *message.mutable_expire_time());
  if (!proposal.end) return;
  message.set_ended_by(proposal.end->principal);
  SetTime(proposal.end->at, *message.mutable_end_time());
  message.set_policy_version(static_cast<int64_t>(proposal.end->policy_version.value_or(0)));
}

}  // namespace mayfly::rpc
