// Proposal: an act of two persons. One proposes it, another approves exactly that: the approval
// names the hash of the payload that its giver was shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "x509/revocation_reason.h"
#include "x509/serial_number.h"

namespace mayfly::policy {

constexpr Seconds kProposalLifetime{7 * 24 * 3600};
constexpr size_t kMassRevocationMax = 1000;

enum class ProposalKind : uint8_t { kPolicy = 1, kMassRevocation = 2 };
inline constexpr ProposalKind kProposalKinds[] = {ProposalKind::kPolicy,
                                                  ProposalKind::kMassRevocation};
// As a policy's two_persons has it: "policy", "mass-revocation".
std::string_view ProposalWord(ProposalKind kind);

// A policy in the place of the version that it was written against.
struct PolicyChange {
  std::string text;
  uint64_t base_version;  // 0: none is in force
  friend bool operator==(const PolicyChange&, const PolicyChange&) = default;
};

// issuers/{issuer}/certificates/{serial}, in the API's words.
struct NamedCertificate {
  std::string issuer;  // its name
  x509::SerialNumber serial;
  friend auto operator<=>(const NamedCertificate&, const NamedCertificate&) = default;
};

struct MassRevocation {
  std::vector<NamedCertificate> certificates;  // 1 to kMassRevocationMax, in order, each once
  x509::RevocationReason reason;
  friend bool operator==(const MassRevocation&, const MassRevocation&) = default;
};

using ProposalPayload = std::variant<PolicyChange, MassRevocation>;
ProposalKind KindOf(const ProposalPayload& payload);

// SHA-256 of the payload's encoding, which the API's ApproveProposal says octet by octet. No two
// payloads share an encoding, nor does anything else that is hashed here.
constexpr std::string_view kProposalContext = "mayfly.ca.v1.Proposal";
constexpr uint8_t kProposalEncoding = 1;
Hash256 PayloadHash(const ProposalPayload& payload);

}  // namespace mayfly::policy
