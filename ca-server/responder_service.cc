#include "responder_service.h"

#include "clients/cpp/files.h"
#include "local_certificate.h"
#include "telemetry/log.h"

namespace mayfly {
namespace {

std::vector<ocsp::ResponderIssuer> IssuersOf(const Wiring& wiring) {
  std::vector<ocsp::ResponderIssuer> issuers;
  for (const auto& issuer : wiring.issuers()) {
    issuers.push_back({issuer->id(), issuer->identity().subject, issuer->key()});
  }
  return issuers;
}

std::filesystem::path DelegateFile(const Wiring& wiring, const issuance::Issuer& issuer) {
  return wiring.config().state_directory / ("ocsp-" + issuer.name() + ".crt");
}

}  // namespace

Result<Uuid> ResponderIdIn(const std::filesystem::path& directory, Foundation& foundation) {
  const std::filesystem::path file = directory / "responder-id";
  if (auto text = client::ReadFile(file)) return Uuid::Parse(AsText(*text).substr(0, 36));
  const Uuid fresh = Uuid::MakeV7(foundation.clock.Now(), foundation.random);
  TRY(client::WriteFileAtomically(file, AsBytes(fresh.ToString() + "\n"), client::kPublicMode,
                                  client::Existing::kKeep));
  return fresh;
}

ResponderService::ResponderService(Wiring& wiring, Uuid responder_id)
    : wiring_(wiring),
      source_({wiring.config().database.connection, wiring.config().database.password_file,
               wiring.foundation().executor, wiring.foundation().timer, wiring.foundation().clock}),
      feed_({wiring.config().database.connection, wiring.config().database.password_file,
             responder_id}),
      memory_(wiring.foundation().clock),
      responder_({IssuersOf(wiring),
                  wiring.foundation().clock,
                  source_,
                  memory_,
                  {.answer_life = wiring.config().ocsp.answer_life}}),
      keeper_(std::make_unique<ocsp::LeaseKeeper>(
          ocsp::LeaseKeeperParts{wiring.foundation().clock, feed_, memory_,
                                 wiring.config().ocsp.lease, wiring.config().ocsp.answer_life})) {
  wiring.revocation().Learn([this](const CertificateKey& key) { return IsRevoked(key); });
}

ResponderService::~ResponderService() { wiring_.revocation().Learn(nullptr); }

std::optional<bool> ResponderService::IsRevoked(const CertificateKey& key) const {
  if (memory_.RevocationOf(key)) return true;
  if (memory_.LeaseHolds()) return false;
  return std::nullopt;
}

Status ResponderService::RenewDelegates() {
  Status first = Ok();
  for (const auto& issuer : wiring_.issuers()) {
    Status renewed = RenewDelegate(*issuer);
    if (first && !renewed) first = std::move(renewed);
  }
  return first;
}

Status ResponderService::RenewDelegate(const issuance::Issuer& issuer) {
  signing::SigningKey& responder_key = *wiring_.keys().ResponderKey(issuer.name());
  const TimePoint now = wiring_.foundation().clock.Now();
  auto in_use = renew_at_.find(issuer.id());
  if (in_use != renew_at_.end() && now < in_use->second) return Ok();
  const std::filesystem::path file = DelegateFile(wiring_, issuer);
  const BootTime deadline = wiring_.foundation().In(kCommandTimeMax);
  if (auto text = client::ReadFile(file); text && in_use == renew_at_.end()) {
    TRY_ASSIGN(auto key, SyncWait(responder_key.PublicKey(deadline)));
    auto kept = x509::Certificate::FromPem(AsText(*text));
    if (kept && LifeLeftOf(*kept, now) == LifeLeft::kPlenty &&
        kept->tbs().fields().public_key.hash() == key.hash() && Use(*kept, issuer)) {
      return Ok();
    }
  }
  TRY_ASSIGN(auto issued,
             SyncWait(wiring_.authority().IssueForResponder(
                 issuer.id(), responder_key, wiring_.config().ocsp.certificate_life, deadline)));
  TRY(Use(issued.certificate, issuer));
  telemetry::LogInfo("ocsp delegate issued", {{"issuer", issuer.name()},
                                              {"serial", issued.certificate.tbs().serial().Hex()}});
  return client::WriteFileAtomically(file, AsBytes(issued.certificate.Pem()), client::kPublicMode,
                                     client::Existing::kReplace);
}

Status ResponderService::Use(const x509::Certificate& certificate, const issuance::Issuer& issuer) {
  const auto& key = certificate.tbs().fields().public_key;
  wiring_.authority().KeepAsOwn(key.hash());
  TRY(responder_.SetDelegate(issuer.id(),
                             {certificate, wiring_.keys().ResponderKey(issuer.name())}));
  const x509::Validity& validity = certificate.tbs().fields().validity;
  renew_at_[issuer.id()] = validity.not_after() - validity.lifetime() / 3;
  return Ok();
}

}  // namespace mayfly
