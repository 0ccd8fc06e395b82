#include "issuance/ca_hierarchy.h"

#include <optional>

namespace mayfly::issuance {
namespace {

struct Ca {
  IssuerEntry entry;
  std::shared_ptr<signing::SigningKey> key;
  x509::SignatureAlgorithm algorithm;
  std::optional<x509::Certificate> certificate;
};

Task<Result<Ca>> Register(const CaPlan& plan, CaRegistry& registry, signing::SigningTools tools,
                          BootTime deadline) {
  signing::SigningKeyParts parts{plan.name, KeyUse::kIssuing, plan.key_uris};
  auto signing_key = std::make_shared<signing::SigningKey>(std::move(parts), tools);
  CO_TRY_ASSIGN(auto key, co_await signing_key->PublicKey(deadline));
  CO_TRY_ASSIGN(auto algorithm, x509::SignatureAlgorithmFor(key.type()));
  CO_TRY_ASSIGN(auto entry, registry.RegisterIssuer(plan.name, plan.subject, key));
  CO_TRY_ASSIGN(auto present, registry.CaCertificates());
  Ca ca{std::move(entry), std::move(signing_key), algorithm, std::nullopt};
  for (CaCertificateEntry& candidate : present) {
    if (candidate.subject == ca.entry.id && !ca.certificate) {
      ca.certificate = std::move(candidate.certificate);
    }
  }
  co_return ca;
}

// What a CA puts into what it signs; a root's first certificate speaks for a root that has none
// yet.
policy::IssuerIdentity SigningIdentity(const Ca& ca, const CaPlan& plan, TimePoint now) {
  if (ca.certificate) return IdentityOf(*ca.certificate, ca.algorithm);
  const Hash160 key_identifier = ca.entry.key.key_identifier();
  return policy::IssuerIdentity{
      .subject = ca.entry.subject,
      .key_identifier = ToBytes(key_identifier),
      .signature_algorithm = ca.algorithm,
      .validity = *x509::Validity::For(now, plan.lifetime),
      .ocsp_urls = {},
      .ca_issuers_urls = {},
      .crl_urls = {},
      .name_constraints = {},
  };
}

// Template, serial, lint, record, signature, confirmation: the order of the issue path.
Task<Result<x509::Certificate>> Certify(const Ca& subject, const CaPlan& plan, const Ca& signs,
                                        const policy::IssuerIdentity& identity,
                                        CaRegistry& registry, signing::SigningTools tools,
                                        BootTime deadline) {
  const TimePoint now = tools.clock.Now();
  const auto kind =
      subject.entry.id == signs.entry.id ? policy::CaKind::kRoot : policy::CaKind::kIssuing;
  const policy::CaWish wish{kind, subject.entry.subject, subject.entry.key, plan.lifetime,
                            plan.name_constraints};
  CO_TRY_ASSIGN(auto fields, policy::MakeCaTemplate(wish, identity, now));
  const auto serial = x509::SerialNumber::Make(x509::LifetimeClassOf(fields.validity.lifetime()),
                                               now, tools.random);
  auto tbs = x509::TbsCertificate::Write(fields, serial);
  CO_TRY_ASSIGN(auto linted, lint::LintCa(std::move(tbs), wish, identity, now));
  CO_TRY_ASSIGN(auto recorded,
                registry.RecordCaCertificate(linted, subject.entry.id, signs.entry.id, kind));
  CO_TRY_ASSIGN(Bytes signature, co_await SignCaCertificate(recorded, *signs.key, deadline));
  CO_TRY(registry.ConfirmCaCertificate(recorded.key(), signature));
  co_return x509::Certificate::FromDer(
      x509::Certificate::Assemble(recorded.tbs(), signs.algorithm, signature));
}

}  // namespace

Task<Result<std::vector<CaMade>>> MakeHierarchy(HierarchyPlan plan, CaRegistry& registry,
                                                signing::SigningTools tools, BootTime deadline) {
  std::vector<CaMade> made;
  CO_TRY_ASSIGN(Ca root, co_await Register(plan.root, registry, tools, deadline));
  const bool root_is_new = !root.certificate;
  if (root_is_new) {
    const auto identity = SigningIdentity(root, plan.root, tools.clock.Now());
    CO_TRY_ASSIGN(root.certificate,
                  co_await Certify(root, plan.root, root, identity, registry, tools, deadline));
  }
  made.push_back(CaMade{plan.root.name, *root.certificate, root_is_new});
  const auto root_identity = IdentityOf(*root.certificate, root.algorithm);
  for (const CaPlan& issuing_plan : plan.issuing) {
    CO_TRY_ASSIGN(Ca issuing, co_await Register(issuing_plan, registry, tools, deadline));
    const bool is_new = !issuing.certificate;
    if (is_new) {
      CO_TRY_ASSIGN(
          issuing.certificate,
          co_await Certify(issuing, issuing_plan, root, root_identity, registry, tools, deadline));
    }
    made.push_back(CaMade{issuing_plan.name, *issuing.certificate, is_new});
  }
  co_return made;
}

}  // namespace mayfly::issuance
