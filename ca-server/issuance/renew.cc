// RenewCertificate and AcknowledgeCertificate: the next generation of a lineage, and when the one
// before it is superseded. The path is Issue's (issue.cc); what differs is who says that the names
// may be had (policy::Authorizer::AuthorizeRenewal), and that the record continues a lineage.
#include <utility>

#include "issuance/application.h"
#include "issuance/certificate_authority.h"
#include "issuance/event_detail.h"
#include "x509/renewal_statement.h"

namespace mayfly::issuance {
namespace {

constexpr std::string_view kSuperseded = "renewal.superseded";

Error TooOften(Milliseconds wait, uint32_t per_hour) {
  Error error = Fail(ErrorCode::kOverloaded, "renewal.rate",
                     "this lineage has renewed too often; its profile allows " +
                         std::to_string(per_hour) + " renewals an hour");
  error.retry_after = wait;
  return error;
}

Error OtherNames() {
  return Fail(ErrorCode::kPolicyDenied, "renewal.names",
              "a renewal keeps the names of the current certificate; for others ask for a new "
              "certificate");
}

Error GraceIsOver(Seconds grace) {
  const std::string has = grace == Seconds(0) ? "its profile grants no renewal after that"
                                              : "its profile's " + std::to_string(grace.count()) +
                                                    "s of grace are over";
  return Fail(ErrorCode::kPolicyDenied, "renewal.grace",
              "the certificate has expired, and " + has + "; enrol anew");
}

Error SameKey() {
  Error error =
      Fail(ErrorCode::kKeyRejected, "renewal.same-key",
           "a renewal has a new key; make one (or the profile says renewal_key = \"any\")");
  error.violations = {{error.rule, "csr", error.message}};
  return error;
}

Error SupersededBy(const CertificateKey& standing) {
  return Fail(ErrorCode::kPolicyDenied, std::string(kSuperseded),
              "another certificate of this generation is in use: " + standing.serial.Hex());
}

}  // namespace

Result<CertificateAuthority::Application> CertificateAuthority::ReadRenewal(
    const RenewalWish& asked, const KnownPeer& holder) const {
  const x509::GeneralNames& names = holder.principal.names;
  TRY_ASSIGN(auto application,
             ReadApplication({holder.principal, x509::CertificationRequestDer{asked.csr_der},
                              holder.profile, names, asked.lifetime, asked.request_id}));
  TRY(RequireAmong(application.names, names, OtherNames()));
  policy::IssuanceWish wish{.profile = holder.profile,
                            .names = names,
                            .lifetime = asked.lifetime,
                            .key_hash = application.key_hash,
                            .lineage = holder.lineage.lineage,
                            .issuer = DefaultIssuer()};
  application.decide = [principal = holder.principal, wish,
                        late = asked.expired_for](const policy::Authorizer& authorizer) {
    auto grant = authorizer.AuthorizeRenewal(principal, wish);
    if (grant && late && *late > grant->profile().renewal_grace) {
      return Result<policy::IssuanceGrant>(GraceIsOver(grant->profile().renewal_grace));
    }
    const bool wants_new_key = grant && grant->profile().renewal_key == policy::RenewalKey::kNew;
    if (wants_new_key && wish.key_hash == principal.key_hash) {
      return Result<policy::IssuanceGrant>(SameKey());
    }
    return grant;
  };
  application.lineage =
      LineageStep{holder.lineage.lineage, holder.lineage.generation + 1, holder.key.serial};
  application.renews = holder.key;
  application.asker.reset();  // judged as a renewal
  return application;
}

Task<Result<IssuedCertificate>> CertificateAuthority::Renew(RenewRequest request,
                                                            BootTime deadline) {
  CO_TRY_ASSIGN(KnownPeer holder, co_await Know(request.current, deadline));
  RenewalWish wish{std::move(request.csr_der), request.lifetime, request.request_id};
  auto renewed = co_await RenewAs(std::move(holder), std::move(wish), deadline);
  co_return renewed;
}

// The old key speaks first: nobody else makes the ledger look for anything.
Task<Result<IssuedCertificate>> CertificateAuthority::RenewExpired(RenewExpiredRequest request,
                                                                   BootTime deadline) {
  const x509::Certificate& expired = request.expired;
  if (!x509::VerifyRenewalStatement(expired, request.csr_der, request.request_id,
                                    request.signature)) {
    co_return Fail(ErrorCode::kUnauthenticated, "renewal.signature",
                   "the signature is not by the expired certificate's key over this request");
  }
  CO_TRY_ASSIGN(KnownPeer holder, co_await FindPeer(expired, deadline));
  const TimePoint end = expired.tbs().fields().validity.not_after();
  const auto late = std::chrono::floor<Seconds>(parts_.clock.Now() - end);
  if (late <= Seconds(0)) {  // RFC 5280 4.1.2.5: notAfter is inclusive
    co_return Fail(ErrorCode::kPolicyDenied, "renewal.not-expired",
                   "the certificate has not expired: renew by means of it, on a listener with "
                   "client certificates");
  }
  RenewalWish wish{std::move(request.csr_der), request.lifetime, request.request_id, late};
  auto renewed = co_await RenewAs(std::move(holder), std::move(wish), deadline);
  co_return renewed;
}

Task<Result<IssuedCertificate>> CertificateAuthority::RenewAs(KnownPeer holder, RenewalWish wish,
                                                              BootTime deadline) {
  const Asked asked{.profile = holder.profile,
                    .names = holder.principal.names,
                    .lifetime = wish.lifetime,
                    .is_renewal = true};
  // What is refused counts for the certificate that asked, not for its lineage: who has an old key
  // must not use up what the rightful holder may ask for.
  const std::string lineage = holder.principal.request_scope;
  const uint32_t per_hour = RenewalsPerHour(holder.profile);
  CO_TRY(TakeRenewal(lineage + "/" + holder.key.serial.Hex(), per_hour));
  auto application = ReadRenewal(wish, holder);
  if (!application) {
    NoteDenial(holder.principal.id, asked, application.error());
    co_return std::move(application).error();
  }
  CO_TRY(TakeRenewal(lineage, per_hour));
  auto issued = co_await Carry(*std::move(application), deadline);
  if (!issued) {
    renewals_.GiveBack(lineage, per_hour);
    NoteIfDenied(holder.principal.id, asked, issued.error());
    if (issued.error().rule == kSuperseded) CO_TRY(co_await ReactToCopiedKey(holder, deadline));
  }
  co_return issued;
}

// A profile that is gone renews nothing, which is said later.
uint32_t CertificateAuthority::RenewalsPerHour(const std::string& profile) const {
  const auto& profiles = parts_.basis.Current()->policy.profiles;
  const auto found = profiles.find(profile);
  return found == profiles.end() ? policy::kRenewalsPerHourDefault
                                 : found->second.renewals_per_hour;
}

Status CertificateAuthority::TakeRenewal(const std::string& whose, uint32_t per_hour) {
  if (auto wait = renewals_.Take(whose, per_hour, std::chrono::hours(1))) {
    return TooOften(*wait, per_hour);
  }
  return Ok();
}

Task<Status> CertificateAuthority::Acknowledge(AcknowledgeRequest request, BootTime deadline) {
  CO_TRY_ASSIGN(auto record, co_await Find(std::move(request.issuer), std::move(request.serial),
                                           Reading::kSeen, deadline));
  if (!record) co_return NoSuchCertificate();
  const bool is_issued = record->outcome && std::holds_alternative<SignedOutcome>(*record->outcome);
  const LineageStep& lineage = record->facts.lineage;
  const bool is_own = ScopeOf(lineage.lineage) == request.principal.request_scope;
  if (!is_own || !is_issued) co_return NoSuchCertificate();
  if (record->revocation) {
    co_return Fail(ErrorCode::kCertificateRevoked, "certificate.revoked", "it has been revoked");
  }
  const KnownPeer holder{record->facts.key, std::move(request.principal), record->facts.profile,
                         lineage};
  auto noted = co_await NoteUse(holder, UseKind::kAcknowledged, deadline);
  co_return noted;
}

// Another certificate of the same generation in use means two holders of its parent's key.
Task<Status> CertificateAuthority::NoteUse(const KnownPeer& peer, UseKind kind, BootTime deadline) {
  LineageUse use{peer.lineage.lineage, peer.lineage.generation, peer.key, kind};
  CO_TRY_ASSIGN(const CertificateKey standing,
                co_await parts_.lineages.NoteUse(std::move(use), deadline));
  if (standing == peer.key) co_return Ok();
  CO_TRY(co_await ReactToCopiedKey(peer, deadline));
  co_return SupersededBy(standing);
}

// Says so, and locks the lineage where its profile wants that.
Task<Status> CertificateAuthority::ReactToCopiedKey(KnownPeer peer, BootTime deadline) {
  parts_.ledger.Note(Event{"lineage.copied-key", peer.principal.id,
                           LineageDetail(peer.lineage.lineage, peer.key.serial)});
  const auto basis = parts_.basis.Current();
  const auto profile = basis->policy.profiles.find(peer.profile);
  const bool locks = profile != basis->policy.profiles.end() &&
                     profile->second.on_copied_key == policy::OnCopiedKey::kLock;
  if (!locks) co_return Ok();
  policy::Block block{policy::BlockKind::kLineage,
                      {peer.lineage.lineage.octets().begin(), peer.lineage.lineage.octets().end()}};
  if (basis->blocks.contains(block)) co_return Ok();
  BlockEntry entry{std::move(block), BlockEffect::kBlocks,
                   "a copied key, seen with " + peer.key.serial.Hex(), "system:lineage"};
  CO_TRY(co_await parts_.ledger.AddBlock(std::move(entry), deadline));
  co_return Ok();
}

}  // namespace mayfly::issuance
