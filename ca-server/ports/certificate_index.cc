#include "ports/certificate_index.h"

namespace mayfly {

bool Holds(const Holdings& holdings, const RecordFacts& facts) {
  const bool is_first = facts.lineage.generation == 0;
  return facts.lineage.lineage == holdings.lineage ||
         (is_first && facts.principal == holdings.principal);
}

CertificateState StateOf(const std::optional<Outcome>& outcome,
                         const std::optional<Revocation>& revocation, TimePoint not_after,
                         TimePoint now) {
  if (revocation) return CertificateState::kRevoked;
  if (!outcome) return CertificateState::kIntent;
  if (std::holds_alternative<AbandonedOutcome>(*outcome)) return CertificateState::kAbandoned;
  // RFC 5280 4.1.2.5: notAfter is inclusive.
  return now >= not_after + Seconds(1) ? CertificateState::kExpired : CertificateState::kActive;
}

}  // namespace mayfly
