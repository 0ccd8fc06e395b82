#include "policy/proposal.h"

#include "x509/digest.h"

namespace mayfly::policy {
namespace {

void AppendNumber(Bytes& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(number >> shift));
}

void Append(Bytes& out, const PolicyChange& change) {
  AppendNumber(out, change.base_version);
  AppendSized(out, AsBytes(change.text));
}

void Append(Bytes& out, const MassRevocation& revocation) {
  out.push_back(static_cast<uint8_t>(revocation.reason));
  AppendNumber(out, revocation.certificates.size());
  for (const NamedCertificate& certificate : revocation.certificates) {
    AppendSized(out, AsBytes(certificate.issuer));
    AppendSized(out, certificate.serial.octets());
  }
}

}  // namespace

std::string_view ProposalWord(ProposalKind kind) {
  switch (kind) {
    case ProposalKind::kPolicy:
      return "policy";
    case ProposalKind::kMassRevocation:
      return "mass-revocation";
  }
  return "";
}

ProposalKind KindOf(const ProposalPayload& payload) {
  return std::holds_alternative<PolicyChange>(payload) ? ProposalKind::kPolicy
                                                       : ProposalKind::kMassRevocation;
}

Hash256 PayloadHash(const ProposalPayload& payload) {
  Bytes encoding = ToBytes(AsBytes(kProposalContext));
  encoding.push_back(0);
  encoding.push_back(kProposalEncoding);
  encoding.push_back(static_cast<uint8_t>(KindOf(payload)));
  std::visit([&encoding](const auto& of) { Append(encoding, of); }, payload);
  return x509::Sha256(encoding);
}

}  // namespace mayfly::policy
