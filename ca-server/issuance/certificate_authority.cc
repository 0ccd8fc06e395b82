#include "issuance/certificate_authority.h"

#include <algorithm>
#include <iterator>

#include "issuance/application.h"

namespace mayfly::issuance {
namespace {

using signing::PlaceState;

// What a caller who does not see everything holds.
Holdings HoldingsOf(const policy::Principal& principal) {
  Holdings holdings{principal.id, std::nullopt};
  if (principal.place) holdings.lineage = principal.place->lineage;
  return holdings;
}

Error RevokedPeer() {
  return Fail(ErrorCode::kUnauthenticated, "peer.revoked",
              "the client certificate has been revoked");
}

Error UnknownPeer() {
  return Fail(ErrorCode::kUnauthenticated, "peer.unknown",
              "the client certificate is not one that this CA issued");
}

// Said before anything is recorded.
Error KeyQuarantined(const Issuer& issuer) {
  return Fail(ErrorCode::kSignerUnavailable, "signer.quarantined",
              "the key of issuer \"" + issuer.name() +
                  "\" signed wrongly, or is another, and waits for an operator");
}

}  // namespace

Error CertificateAuthority::NoSuchCertificate() {
  return Fail(ErrorCode::kNotFound, "certificate.not-found",
              "no such certificate, or none that you may see");
}

std::string CertificateAuthority::ScopeOf(const Uuid& lineage) {
  return "lineage:" + lineage.ToString();
}

CertificateAuthority::CertificateAuthority(Parts parts)
    : parts_(std::move(parts)), renewals_(parts_.clock) {}

const Issuer* CertificateAuthority::IssuerOf(IssuerId id) const {
  for (const auto& issuer : parts_.issuers) {
    if (issuer->id() == id) return issuer.get();
  }
  return nullptr;
}

// Another replica, with another configuration, may have taken the policy. Only requests of this
// profile are refused; nothing is signed by somebody whom the policy does not name.
Result<std::vector<const Issuer*>> CertificateAuthority::PoolFor(
    const policy::IssuanceGrant& grant) const {
  std::vector<const Issuer*> pool;
  std::string names;
  for (const std::string& name : grant.issuers()) {
    names += (names.empty() ? "\"" : ", \"") + name + "\"";
    const auto found = std::ranges::find(parts_.issuers, name, &Issuer::name);
    if (found != parts_.issuers.end()) pool.push_back(found->get());
  }
  if (!pool.empty()) return pool;
  return Fail(ErrorCode::kFailedPrecondition, "policy.issuer-unknown",
              "the policy in force has certificates of profile \"" + grant.profile().name +
                  "\" signed by issuer " + names +
                  ", which the configuration of this server does not have");
}

Result<std::vector<const Issuer*>> CertificateAuthority::IssuersFor(
    const policy::IssuanceGrant& grant) const {
  TRY_ASSIGN(const std::vector<const Issuer*> pool, PoolFor(grant));
  for (const PlaceState state : {PlaceState::kInService, PlaceState::kOut}) {
    std::vector<const Issuer*> standing;
    std::ranges::copy_if(pool, std::back_inserter(standing),
                         [state](const Issuer* issuer) { return issuer->Standing() == state; });
    if (!standing.empty()) return standing;
  }
  return KeyQuarantined(*pool.front());
}

Status CertificateAuthority::KeyTrouble() const {
  const auto basis = parts_.basis.Current();
  for (const auto& [name, profile] : basis->policy.profiles) {
    const std::vector<std::string> pool =
        profile.issuers.empty() ? std::vector{DefaultIssuer()} : profile.issuers;
    std::optional<Error> first;
    bool signs = false;
    for (const std::string& member : pool) {
      const auto issuer = std::ranges::find(parts_.issuers, member, &Issuer::name);
      if (issuer == parts_.issuers.end()) continue;
      const Status trouble = (*issuer)->KeyTrouble();
      signs = signs || trouble.has_value();
      if (!trouble && !first) first = trouble.error();
    }
    if (!signs && first) return *std::move(first);
  }
  return Ok();
}

bool CertificateAuthority::AnotherCouldSign(const policy::IssuanceGrant& grant,
                                            const Issuer& issuer) const {
  const auto pool = PoolFor(grant);
  return pool && std::ranges::any_of(*pool, [&issuer](const Issuer* other) {
           return other != &issuer && other->Standing() == PlaceState::kInService;
         });
}

Task<Result<std::optional<CertificateRecord>>> CertificateAuthority::Find(std::string issuer,
                                                                          x509::SerialNumber serial,
                                                                          Reading reading,
                                                                          BootTime deadline) {
  for (const auto& candidate : parts_.issuers) {
    if (issuer != "-" && issuer != candidate->name()) continue;
    CertificateKey key{serial, candidate->id()};
    CO_TRY_ASSIGN(auto record,
                  co_await parts_.ledger.FindCertificate(std::move(key), reading, deadline));
    if (record) co_return record;
  }
  co_return std::optional<CertificateRecord>();
}

Result<ShownCertificate> CertificateAuthority::Shown(CertificateRecord record) const {
  const Issuer* signed_by = IssuerOf(record.facts.key.issuer);
  if (!signed_by) return NoSuchCertificate();
  std::optional<x509::Certificate> certificate;
  if (record.outcome) {
    if (const auto* outcome = std::get_if<SignedOutcome>(&*record.outcome)) {
      Bytes der = x509::Certificate::Assemble(record.tbs, signed_by->identity().signature_algorithm,
                                              outcome->signature);
      TRY_ASSIGN(certificate, x509::Certificate::FromDer(der));
    }
  }
  return ShownCertificate{signed_by->name(), std::move(record), std::move(certificate)};
}

Task<Result<bool>> CertificateAuthority::SeesAll(const policy::Principal& principal,
                                                 BootTime deadline) {
  const policy::Authorizer authorizer(parts_.basis.Current());
  if (!authorizer.RolesOf(principal).HasAnyOf(policy::kReadersOfAll)) co_return false;
  CO_TRY(co_await RequireCurrent(principal, deadline));
  co_return true;
}

Task<Result<ShownCertificate>> CertificateAuthority::Show(policy::Principal principal,
                                                          std::string issuer,
                                                          x509::SerialNumber serial,
                                                          BootTime deadline) {
  CO_TRY(parts_.gate.MayRelease());
  CO_TRY_ASSIGN(auto record,
                co_await Find(std::move(issuer), std::move(serial), Reading::kDurable, deadline));
  if (!record) co_return NoSuchCertificate();
  bool sees = Holds(HoldingsOf(principal), record->facts);
  if (!sees) {
    CO_TRY_ASSIGN(sees, co_await SeesAll(principal, deadline));
  }
  // The same answer as for a serial that does not exist: nobody learns what others hold.
  if (!sees) co_return NoSuchCertificate();
  co_return Shown(*std::move(record));
}

Task<Result<CertificateList>> CertificateAuthority::List(ListRequest request, BootTime deadline) {
  CO_TRY(parts_.gate.MayRelease());
  IndexQuery query{std::move(request.filter), request.order, std::move(request.after),
                   parts_.clock.Now(), request.count_max};
  for (const auto& candidate : parts_.issuers) {
    if (request.issuer != "-" && request.issuer != candidate->name()) continue;
    query.filter.issuers.push_back(candidate->id());
  }
  if (query.filter.issuers.empty()) {
    co_return Fail(ErrorCode::kNotFound, "issuer.not-found", "this CA has no such issuer");
  }
  CO_TRY_ASSIGN(const bool sees_all, co_await SeesAll(request.principal, deadline));
  if (!sees_all) query.filter.held_by = HoldingsOf(request.principal);
  CO_TRY_ASSIGN(IndexPage page, co_await parts_.index.Page(std::move(query), deadline));
  CertificateList list{{}, std::move(page.next)};
  for (CertificateRecord& record : page.records) {
    CO_TRY_ASSIGN(ShownCertificate shown, Shown(std::move(record)));
    list.certificates.push_back(std::move(shown));
  }
  co_return list;
}

Task<Result<RevokedCertificate>> CertificateAuthority::Revoke(RevokeRequest request,
                                                              BootTime deadline) {
  policy::NamedCertificate name{std::move(request.issuer), std::move(request.serial)};
  const RevocationReason reason = request.reason;
  CO_TRY_ASSIGN(const FoundCertificate found,
                co_await FindToRevoke(std::move(name), reason, deadline));
  const CertificateKey key = found.target.key;
  RevokeEntry entry{key, reason, request.principal.id, found.target.compromised_key};
  CO_TRY_ASSIGN(auto receipt, co_await parts_.ledger.Revoke(std::move(entry), deadline));
  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
  // Read again: revoking an intent abandons it, unless its signature came first.
  CO_TRY_ASSIGN(auto again, co_await parts_.ledger.FindCertificate(key, Reading::kSeen, deadline));
  if (!again) co_return NoSuchCertificate();
  CO_TRY_ASSIGN(auto shown, Shown(*std::move(again)));
  co_return RevokedCertificate{std::move(shown), std::move(receipt)};
}

// From the ledger: the peer's certificate must be there with those very bytes.
Task<Result<KnownPeer>> CertificateAuthority::FindPeer(const x509::Certificate& peer,
                                                       BootTime deadline) {
  CO_TRY_ASSIGN(auto record, co_await Find("-", peer.tbs().serial(), Reading::kSeen, deadline));
  if (!record) co_return UnknownPeer();
  const RecordFacts facts = record->facts;
  const bool is_revoked = record->revocation.has_value();
  CO_TRY_ASSIGN(auto shown, Shown(*std::move(record)));
  if (!shown.certificate || !Equal(shown.certificate->der(), peer.der())) co_return UnknownPeer();
  // A row that somebody else inserted is no certificate of ours.
  if (!peer.VerifySignedBy(IssuerOf(facts.key.issuer)->key())) co_return UnknownPeer();
  if (is_revoked) co_return RevokedPeer();
  CO_TRY_ASSIGN(auto names, peer.tbs().names());
  policy::Principal principal{
      policy::ProofOfIdentity::kCertificate,
      policy::PrincipalIdOf(names),
      ScopeOf(facts.lineage.lineage),
      std::move(names),
      {},
      peer.tbs().fields().public_key.hash(),
      peer.tbs().fields().validity.not_after(),
      {},
      peer.tbs().serial(),
      policy::LineagePlace{facts.lineage.lineage, facts.lineage.generation}};
  co_return KnownPeer{facts.key, std::move(principal), facts.profile, facts.lineage};
}

Task<Result<KnownPeer>> CertificateAuthority::Know(const x509::Certificate& peer,
                                                   BootTime deadline) {
  const Hash256 fingerprint = peer.fingerprint();
  std::optional<KnownPeer> known = peers_.Find(fingerprint);
  std::optional<bool> revoked;
  if (known) revoked = parts_.revocation_check(known->key);
  if (revoked.value_or(false)) co_return RevokedPeer();
  if (!revoked) {
    const bool is_first = !known;
    CO_TRY_ASSIGN(known, co_await FindPeer(peer, deadline));
    // Being heard of is a use. The first generation has one certificate and supersedes nothing.
    if (is_first && known->lineage.generation > 0) {
      CO_TRY(co_await NoteUse(*known, UseKind::kUsed, deadline));
    }
    if (is_first) peers_.Put(fingerprint, *known);
  }
  if (!peer.tbs().fields().validity.Covers(parts_.clock.Now())) {
    co_return Fail(ErrorCode::kUnauthenticated, "peer.expired",
                   "the client certificate is outside its validity");
  }
  co_return *known;
}

Task<Result<policy::Principal>> CertificateAuthority::Identify(x509::Certificate peer,
                                                               BootTime deadline) {
  CO_TRY_ASSIGN(KnownPeer known, co_await Know(peer, deadline));
  co_return std::move(known.principal);
}

}  // namespace mayfly::issuance
