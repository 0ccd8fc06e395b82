#include "wiring.h"

#include <map>

#include "hsm/client/routed_signer.h"
#include "hsm/client/signer_client.h"
#include "hsm/client/software_signer.h"
#include "store/migrator.h"

namespace mayfly {
namespace {

Error NoCaCertificate(const std::string& name) {
  return Fail(ErrorCode::kConfiguration, "ca.no-certificate",
              "the CA " + name + " has no certificate yet: run mayfly-ca init-ca");
}

// Each CA's newest certificate; `newest_first` is in that order.
std::map<IssuerId, CaCertificateEntry> NewestOf(std::vector<CaCertificateEntry> newest_first) {
  std::map<IssuerId, CaCertificateEntry> newest;
  for (CaCertificateEntry& entry : newest_first)
    newest.try_emplace(entry.subject, std::move(entry));
  return newest;
}

// The database's word is not enough for what everybody trusts.
Status RequireSignedBy(const x509::Certificate& certificate, const x509::Certificate& issuer,
                       const std::string& name) {
  if (certificate.VerifySignedBy(issuer.tbs().fields().public_key)) return Ok();
  return Fail(ErrorCode::kSignatureInvalid, "ca.certificate",
              "the certificate of " + name + " in the database is not signed by the root");
}

}  // namespace

config::IssuerNames IssuerNamesOf(const config::Config& config) {
  config::IssuerNames names;
  for (const config::IssuerConfig& issuer : config.issuers) names.insert(issuer.ca.name);
  return names;
}

std::unique_ptr<Signer> MakeSigner(const config::Config& config, Foundation& foundation) {
  if (config.signer.kind == config::SignerKind::kSoftware) {
    return std::make_unique<hsm::SoftwareSigner>(config.signer.key_directory, foundation.executor,
                                                 foundation.clock);
  }
  const auto client_of = [&](const std::filesystem::path& socket) {
    return std::make_unique<hsm::SignerClient>(socket, foundation.executor, foundation.timer,
                                               foundation.clock);
  };
  std::vector<hsm::RoutedSigner::Route> routes;
  for (const auto& [token, socket] : config.signer.sockets) {
    routes.push_back({token, client_of(socket)});
  }
  return std::make_unique<hsm::RoutedSigner>(client_of(config.signer.socket), std::move(routes));
}

store::IndexOptions StoreOptions(const config::Config& config, Foundation& foundation) {
  return {config.database.connection, config.database.password_file, foundation.executor,
          foundation.timer, foundation.clock};
}

void RevocationKnowledge::Learn(Check check) {
  std::lock_guard lock(mutex_);
  check_ = std::move(check);
}

std::optional<bool> RevocationKnowledge::Ask(const CertificateKey& key) const {
  std::lock_guard lock(mutex_);
  return check_ ? check_(key) : std::nullopt;
}

store::PgCaRegistry::Options RegistryOptions(const config::Config& config) {
  return {config.database.connection, config.database.password_file};
}

Wiring::Wiring(config::Config config)
    : config_(std::move(config)),
      foundation_(config_.limits.worker_threads),
      quarantine_(config_.state_directory) {}

Result<std::unique_ptr<Wiring>> Wiring::Make(const config::Config& config) {
  TRY(store::CheckSchema(config.database.connection, schema::Migrations(),
                         config.database.password_file));
  std::unique_ptr<Wiring> wiring(new Wiring(config));
  Foundation& foundation = wiring->foundation_;
  wiring->signer_ = MakeSigner(config, foundation);
  wiring->metered_signer_ =
      std::make_unique<MeteredSigner>(*wiring->signer_, wiring->metrics_, foundation.clock);
  wiring->ledger_ = std::make_unique<store::PgLedger>(
      store::PgLedger::Options{config.database.connection, config.database.password_file,
                               foundation.executor, foundation.timer, foundation.clock});
  wiring->metered_ledger_ = std::make_unique<MeteredLedger>(*wiring->ledger_, *wiring->ledger_,
                                                            wiring->metrics_, foundation.clock);
  const store::IndexOptions lists = StoreOptions(config, foundation);
  wiring->canaries_ = std::make_unique<store::PgCanaryRecords>(lists);
  wiring->keys_ = std::make_unique<KeyRing>(KeyRing::Parts{
      wiring->config_,
      {foundation.clock, foundation.random, *wiring->metered_signer_, foundation.timer,
       foundation.executor, wiring->quarantine_, *wiring->canaries_},
      wiring->metrics_,
      *wiring->metered_ledger_});
  wiring->audit_ = std::make_unique<AuditService>(AuditService::Parts{
      wiring->config_, wiring->keys_->audit(), foundation.clock, foundation.timer,
      foundation.executor, wiring->metrics_,
      [&authority = wiring->authority_](const Hash256& key) { authority->KeepAsOwn(key); }});
  wiring->index_ = std::make_unique<store::PgCertificateIndex>(lists);
  wiring->events_ = std::make_unique<store::PgEventIndex>(lists);
  wiring->alerts_ = std::make_unique<store::PgAlertIndex>(lists);
  wiring->tokens_ = std::make_unique<store::PgEnrolmentTokens>(lists);
  wiring->proposals_ = std::make_unique<store::PgProposals>(lists);
  TRY_ASSIGN(wiring->page_key_,
             store::ReadPageKey(config.database.connection, config.database.password_file));
  wiring->basis_ = std::make_unique<issuance::BasisCache>(
      *wiring->metered_ledger_,
      [issuers = IssuerNamesOf(config)](std::string_view text, std::string name,
                                        policy::PolicyText is) {
        return config::ParsePolicyFor(issuers, text, std::move(name), is);
      });
  store::PgCaRegistry registry(RegistryOptions(config));
  TRY(wiring->LoadIssuers(registry));
  wiring->authority_ =
      std::make_unique<issuance::CertificateAuthority>(issuance::CertificateAuthority::Parts{
          foundation.clock, foundation.random, *wiring->metered_ledger_, *wiring->metered_ledger_,
          *wiring->index_, *wiring->events_, *wiring->alerts_, *wiring->tokens_,
          *wiring->proposals_, *wiring->basis_, wiring->planner_, wiring->issuers_, wiring->bundle_,
          [&known = wiring->revocation_](const auto& key) { return known.Ask(key); },
          wiring->audit_->gate(), wiring->audit_->published(),
          config.enrolment.token_lifetime_max});
  TRY(SyncWait(wiring->basis_->Refresh(foundation.In(kCommandTimeMax))));
  return wiring;
}

Status Wiring::StartAudit() {
  audit_->Start();
  return SyncWait(audit_->gate().WaitForCheckpoint(foundation_.In(kCommandTimeMax)));
}

Status Wiring::LoadIssuers(CaRegistry& registry) {
  TRY_ASSIGN(auto entries, registry.Issuers());
  TRY_ASSIGN(auto certificates, registry.CaCertificates());
  const auto newest = NewestOf(std::move(certificates));
  auto certificate_of = [&](const std::string& name) -> const CaCertificateEntry* {
    for (const IssuerEntry& entry : entries) {
      auto found = newest.find(entry.id);
      if (entry.name == name && found != newest.end()) return &found->second;
    }
    return nullptr;
  };
  bundle_ = issuance::TrustBundle{config_.trust_domain, {}, {}, newest.size()};
  const CaCertificateEntry* root = certificate_of(config_.root.name);
  if (!root) return NoCaCertificate(config_.root.name);
  TRY(RequireSignedBy(root->certificate, root->certificate, config_.root.name));
  bundle_.roots.push_back(root->certificate);
  for (const config::IssuerConfig& issuer : config_.issuers) {
    const CaCertificateEntry* entry = certificate_of(issuer.ca.name);
    if (!entry) return NoCaCertificate(issuer.ca.name);
    TRY(RequireSignedBy(entry->certificate, root->certificate, issuer.ca.name));
    bundle_.issuing.push_back(entry->certificate);
    issuance::IssuerParts parts{
        .id = entry->subject,
        .name = issuer.ca.name,
        .key = keys_->AddIssuer(issuer, entry->certificate.tbs().fields().public_key),
        .certificate = entry->certificate,
        .chain = {ToBytes(entry->certificate.der())},
        .ocsp_urls = issuer.ocsp_urls,
        .ca_issuers_urls = issuer.ca_issuers_urls,
        .crl_urls = issuer.crl_urls,
    };
    if (issuance::ConstraintsOf(entry->certificate) != issuer.name_constraints) {
      return Fail(ErrorCode::kConfiguration, "ca.name-constraints",
                  "the certificate of " + issuer.ca.name +
                      " has other name constraints than the configuration; they are fixed when a "
                      "CA is made: restore them, or make another issuing CA");
    }
    issuers_.push_back(std::make_shared<const issuance::Issuer>(std::move(parts)));
  }
  return Ok();
}

}  // namespace mayfly
