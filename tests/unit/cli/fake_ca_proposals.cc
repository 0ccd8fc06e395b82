// FakeCa: acts of two persons.
#include "base/bytes.h"
#include "clients/cpp/files.h"
#include "tests/unit/cli/fake_ca.h"
#include "tests/unit/cli/refusal.h"
#include "x509/digest.h"

namespace mayfly::cli {
namespace {

namespace v1 = ca::v1;

constexpr int64_t kNow = 1'772'452'800;  // 2026-03-02 12:00:00 UTC
constexpr int64_t kDay = 86'400;
constexpr char kNameWithoutDigit[] = "proposals/0190a1b2-0000-7000-8000-00000000000";
constexpr char kLeaf[] = "issuers/issuing-1/certificates/21019c0b1d8800112233445566778899aabbccdd";
constexpr char kOther[] = "issuers/issuing-1/certificates/21019b00000000000000000000000000000000a5";

std::string Number(uint64_t number, int octets) {
  std::string out;
  for (int i = octets - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i));
  return out;
}

std::string Sized(const std::string& text) { return Number(text.size(), 4) + text; }

std::string Sized(const v1::MassRevocation& revocation) {
  std::string out = Number(revocation.reason() == 0 ? 0 : revocation.reason() - 1, 1) +
                    Number(static_cast<uint64_t>(revocation.certificates_size()), 8);
  for (const std::string& name : revocation.certificates()) {
    const size_t serial = name.rfind('/') + 1;
    out += Sized(name.substr(8, name.find('/', 8) - 8)) +
           Sized(ToString(*FromHex(std::string_view(name).substr(serial))));
  }
  return out;
}

// As ApproveProposal says it.
std::string HashOf(const v1::Proposal& proposal) {
  std::string encoding = std::string("mayfly.ca.v1.Proposal") + '\0' + '\1';
  if (proposal.has_policy_change()) {
    const v1::PolicyChange& change = proposal.policy_change();
    encoding += '\1' + Number(static_cast<uint64_t>(change.base_version()), 8) +
                Sized(change.policy_text());
  } else {
    encoding += '\2' + Sized(proposal.mass_revocation());
  }
  return ToHex(x509::Sha256(AsBytes(encoding)));
}

v1::Proposal Open(const std::string& name) {
  v1::Proposal proposal;
  proposal.set_name(name);
  proposal.set_state(v1::Proposal::STATE_OPEN);
  proposal.set_proposer("spiffe://example.internal/ns/ops/sa/first-admin");
  proposal.mutable_create_time()->set_seconds(kNow - kDay);
  proposal.mutable_expire_time()->set_seconds(kNow + 6 * kDay);
  return proposal;
}

void End(v1::Proposal& proposal, v1::Proposal::State state) {
  proposal.set_state(state);
  proposal.set_ended_by("spiffe://example.internal/operator");
  proposal.mutable_end_time()->set_seconds(kNow);
}

grpc::Status NotFound() {
  return Refusal(grpc::StatusCode::NOT_FOUND, "NOT_FOUND", "proposal.not-found",
                 "there is no such proposal");
}

}  // namespace

v1::Proposal FakeCa::ProposalFor(const std::string& name) const {
  v1::Proposal proposal;
  if (!name.starts_with(kNameWithoutDigit) || name.find_last_of("789") + 1 != name.size()) {
    return proposal;
  }
  proposal = Open(name);
  if (name.back() == '8') {
    proposal.mutable_mass_revocation()->add_certificates(kOther);
    proposal.mutable_mass_revocation()->add_certificates(kLeaf);
    proposal.mutable_mass_revocation()->set_reason(v1::REVOCATION_REASON_KEY_COMPROMISE);
    proposal.mutable_mass_revocation()->set_certificate_count(2);
  } else {
    proposal.mutable_policy_change()->set_policy_text(
        ToString(*client::ReadFile(golden_ / "new-policy.toml")));
    proposal.mutable_policy_change()->set_base_version(4);
  }
  proposal.set_payload_sha256(HashOf(proposal));
  return proposal;
}

grpc::Status FakeCa::BatchRevokeCertificates(Context*,
                                             const v1::BatchRevokeCertificatesRequest* request,
                                             v1::BatchRevokeCertificatesResponse* response) {
  if (request->reason() == v1::REVOCATION_REASON_SUPERSEDED) {
    return Refusal(grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION", "approval.needed",
                   "the policy in force asks for two persons to revoke more than one certificate: "
                   "one proposes it (mayfly revoke --propose), another admin approves it (mayfly "
                   "proposal approve ID)");
  }
  for (const std::string& name : request->names()) {
    v1::CertificateRevocation& revoked = *response->add_revocations();
    revoked.set_name("issuers/issuing-1" + name.substr(name.find("/certificates/")));
    revoked.mutable_revocation()->set_reason(request->reason());
    revoked.mutable_revocation()->mutable_revoke_time()->set_seconds(kNow);
    revoked.set_already_revoked(revoked.name() == kOther);
  }
  response->mutable_good_answers_expire_time()->set_seconds(kNow + 3600);
  return grpc::Status::OK;
}

grpc::Status FakeCa::CreateProposal(Context*, const v1::CreateProposalRequest* request,
                                    v1::Proposal* response) {
  *response = Open(std::string(kNameWithoutDigit) + "7");
  if (request->has_policy_change()) {
    if (!request->policy_change().policy_text().starts_with("admins")) {
      return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT", "policy.file",
                     "policy_text has 1 error(s)",
                     {{"policy_text:1", "unknown key \"case\" [config.unknown-key]"}});
    }
    *response->mutable_policy_change() = request->policy_change();
  } else {
    v1::MassRevocation& revocation = *response->mutable_mass_revocation();
    revocation.set_reason(request->mass_revocation().reason());
    for (const std::string& name : request->mass_revocation().certificates()) {
      revocation.add_certificates("issuers/issuing-1" + name.substr(name.find("/certificates/")));
    }
    revocation.set_certificate_count(revocation.certificates_size());
  }
  response->mutable_create_time()->set_seconds(kNow);
  response->mutable_expire_time()->set_seconds(kNow + 7 * kDay);
  response->set_payload_sha256(HashOf(*response));
  return grpc::Status::OK;
}

grpc::Status FakeCa::GetProposal(Context*, const v1::GetProposalRequest* request,
                                 v1::Proposal* response) {
  *response = ProposalFor(request->name());
  return response->name().empty() ? NotFound() : grpc::Status::OK;
}

grpc::Status FakeCa::ListProposals(Context*, const v1::ListProposalsRequest* request,
                                   v1::ListProposalsResponse* response) {
  std::vector<v1::Proposal> all;
  for (const char digit : {'8', '7'}) {
    v1::Proposal proposal = ProposalFor(kNameWithoutDigit + std::string(1, digit));
    if (proposal.has_policy_change()) proposal.mutable_policy_change()->clear_policy_text();
    if (proposal.has_mass_revocation()) proposal.mutable_mass_revocation()->clear_certificates();
    all.push_back(std::move(proposal));
  }
  if (request->with_ended()) {
    all.push_back(all.back());
    End(all.back(), v1::Proposal::STATE_WITHDRAWN);
  }
  constexpr int kPage = 2;
  size_t next = request->page_token().empty() ? 0 : std::stoul(request->page_token());
  while (next < all.size() && response->proposals_size() < std::min(kPage, request->page_size())) {
    *response->add_proposals() = all[next++];
  }
  if (next < all.size()) response->set_next_page_token(std::to_string(next));
  return grpc::Status::OK;
}

grpc::Status FakeCa::ApproveProposal(Context*, const v1::ApproveProposalRequest* request,
                                     v1::ApproveProposalResponse* response) {
  v1::Proposal& proposal = *response->mutable_proposal();
  proposal = ProposalFor(request->name());
  if (proposal.name().back() == '9') {
    return Refusal(
        grpc::StatusCode::PERMISSION_DENIED, "POLICY_DENIED", "approval.same-person",
        "a proposal is approved by another admin than spiffe://example.internal/operator, "
        "with another key");
  }
  if (request->payload_sha256() != proposal.payload_sha256()) {
    return Refusal(grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION", "approval.payload",
                   "the hash is of something else than the proposal's payload; look at it again");
  }
  End(proposal, v1::Proposal::STATE_EXECUTED);
  if (proposal.has_policy_change()) {
    proposal.set_policy_version(5);
  } else {
    response->mutable_good_answers_expire_time()->set_seconds(kNow + 3600);
  }
  return grpc::Status::OK;
}

grpc::Status FakeCa::WithdrawProposal(Context*, const v1::WithdrawProposalRequest* request,
                                      v1::Proposal* response) {
  *response = ProposalFor(request->name());
  if (response->name().empty()) return NotFound();
  End(*response, v1::Proposal::STATE_WITHDRAWN);
  return grpc::Status::OK;
}

}  // namespace mayfly::cli
