// Many certificates revoked at once. Their names are found first, all of them; then it is one
// transaction of the ledger.
#include <algorithm>
#include <utility>

#include "issuance/certificate_authority.h"

namespace mayfly::issuance {
namespace {

Error RevocationNeedsApproval() {
  return Fail(ErrorCode::kFailedPrecondition, "approval.needed",
              "the policy in force asks for two persons to revoke more than one certificate: one "
              "proposes it (mayfly revoke --propose), another admin approves it (mayfly proposal "
              "approve ID)");
}

bool AsksForTwo(const policy::DecisionBasis& basis, size_t certificates) {
  // A single one never waits for anybody: it may be an incident.
  return certificates > 1 &&
         basis.policy.two_persons.contains(policy::ProposalKind::kMassRevocation);
}

Error Missing(std::vector<Violation> violations) {
  Error error = Fail(ErrorCode::kNotFound, "certificate.not-found",
                     "there are no such certificates; nothing was revoked or proposed");
  error.violations = std::move(violations);
  return error;
}

}  // namespace

Task<Result<CertificateAuthority::FoundCertificate>> CertificateAuthority::FindToRevoke(
    policy::NamedCertificate name, RevocationReason reason, BootTime deadline) {
  std::string issuer = name.issuer;
  x509::SerialNumber serial = name.serial;
  CO_TRY_ASSIGN(const auto record,
                co_await Find(std::move(issuer), std::move(serial), Reading::kSeen, deadline));
  const Issuer* signed_by = record ? IssuerOf(record->facts.key.issuer) : nullptr;
  if (!signed_by) co_return NoSuchCertificate();
  name.issuer = signed_by->name();
  RevocationTarget target{record->facts.key};
  if (reason == RevocationReason::kKeyCompromise) {
    CO_TRY_ASSIGN(const auto tbs, x509::TbsCertificate::FromDer(record->tbs));
    target.compromised_key = tbs.fields().public_key.hash();
  }
  co_return FoundCertificate{std::move(name), std::move(target)};
}

Task<Result<std::vector<CertificateAuthority::FoundCertificate>>> CertificateAuthority::FindAll(
    policy::MassRevocation revocation, BootTime deadline) {
  std::vector<FoundCertificate> found;
  std::vector<Violation> missing;
  for (size_t i = 0; i < revocation.certificates.size(); ++i) {
    policy::NamedCertificate name = revocation.certificates[i];
    const RevocationReason reason = revocation.reason;
    auto each = co_await FindToRevoke(std::move(name), reason, deadline);
    if (each) {
      found.push_back(*std::move(each));
    } else if (each.error().code == ErrorCode::kNotFound) {
      missing.push_back({each.error().rule, "names[" + std::to_string(i) + "]",
                         "no such certificate: " + revocation.certificates[i].serial.Hex()});
    } else {
      co_return std::move(each).error();
    }
  }
  if (!missing.empty()) co_return Missing(std::move(missing));
  std::ranges::sort(found, {}, &FoundCertificate::name);
  const auto again = std::ranges::unique(found, {}, &FoundCertificate::name);
  found.erase(again.begin(), again.end());
  co_return found;
}

Task<Result<RevokedCertificates>> CertificateAuthority::RevokeAll(RevokeAllRequest request,
                                                                  BootTime deadline) {
  policy::MassRevocation wanted = request.revocation;
  CO_TRY_ASSIGN(const auto found, co_await FindAll(std::move(wanted), deadline));
  RevokedCertificates revoked;
  MassRevocationEntry entry{{}, request.revocation.reason, request.principal.id, 0};
  for (const FoundCertificate& each : found) {
    revoked.certificates.push_back(each.name);
    entry.targets.push_back(each.target);
  }
  while (true) {
    CO_TRY(co_await parts_.basis.Refresh(deadline));
    const auto basis = parts_.basis.Current();
    if (AsksForTwo(*basis, found.size())) co_return RevocationNeedsApproval();
    entry.decision = basis->decision;
    MassRevocationEntry once = entry;
    auto receipt = co_await parts_.proposals.RevokeAll(std::move(once), deadline);
    if (!receipt && receipt.error().code == ErrorCode::kDecisionStale) continue;
    if (!receipt) co_return std::move(receipt).error();
    CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
    revoked.receipt = *std::move(receipt);
    co_return revoked;
  }
}

}  // namespace mayfly::issuance
