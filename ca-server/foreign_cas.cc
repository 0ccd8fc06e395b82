#include "foreign_cas.h"

#include "telemetry/log.h"

namespace mayfly {
namespace {

identity::OwnCas OwnCasOf(const issuance::TrustBundle& bundle) {
  identity::OwnCas own;
  for (const auto* list : {&bundle.roots, &bundle.issuing}) {
    for (const x509::Certificate& certificate : *list) {
      own.subjects.Insert(certificate.tbs().fields().subject.der());
      own.keys.insert(certificate.tbs().fields().public_key.hash());
    }
  }
  return own;
}

identity::RevocationFile::Observer TellOfLists(const std::string& name) {
  return [name](const Status& taken_up) {
    if (!taken_up) {
      return telemetry::LogFailure("CRLs not taken up", taken_up.error(), {{"foreign_ca", name}});
    }
    telemetry::LogInfo("CRLs taken up", {{"foreign_ca", name}});
  };
}

std::unique_ptr<identity::RevocationFile> ListsOf(const config::ForeignCaConfig& ca) {
  if (!ca.crls) return nullptr;
  auto lists = std::make_unique<identity::RevocationFile>(*ca.crls, TellOfLists(ca.rules.name));
  // Whoever reads the log learns of a wrong path before a caller does.
  (void)lists->Current();
  return lists;
}

Status RequireNotOurs(const config::ForeignCaConfig& ca, const std::set<Hash256>& own_keys) {
  for (const x509::TrustAnchor& root : ca.roots.list()) {
    if (!own_keys.contains(root.key)) continue;
    return Fail(ErrorCode::kConfiguration, "foreign-ca.own-root",
                "the foreign CA \"" + ca.rules.name + "\" has a root with a key of our own CAs");
  }
  return Ok();
}

}  // namespace

Result<std::unique_ptr<identity::ForeignCas>> TrustForeignCas(const Wiring& wiring) {
  if (wiring.config().foreign_cas.empty()) return std::unique_ptr<identity::ForeignCas>();
  identity::OwnCas own = OwnCasOf(wiring.bundle());
  std::vector<identity::ForeignCa> cas;
  for (const config::ForeignCaConfig& ca : wiring.config().foreign_cas) {
    TRY(RequireNotOurs(ca, own.keys));
    cas.push_back({ca.rules, ca.roots, ListsOf(ca)});
  }
  return std::make_unique<identity::ForeignCas>(std::move(cas), std::move(own));
}

std::string ClientRootsPem(const Wiring& wiring) {
  std::string pem;
  for (const x509::Certificate& root : wiring.bundle().roots) pem += root.Pem();
  for (const config::ForeignCaConfig& ca : wiring.config().foreign_cas) pem += ca.roots.Pem();
  return pem;
}

}  // namespace mayfly
