#include "issuance/issuer.h"

namespace mayfly::issuance {

x509::NameConstraints ConstraintsOf(const x509::Certificate& certificate) {
  const x509::Extension* found =
      Find(certificate.tbs().fields().extensions, x509::oid::NameConstraints());
  if (found == nullptr) return {};
  auto constraints = x509::NameConstraints::FromExtension(found->value);
  return constraints ? *std::move(constraints) : x509::NameConstraints::PermittingNothing();
}

policy::IssuerIdentity IdentityOf(const x509::Certificate& certificate,
                                  x509::SignatureAlgorithm algorithm) {
  const x509::TbsFields& fields = certificate.tbs().fields();
  const Hash160 key_identifier = fields.public_key.key_identifier();
  return policy::IssuerIdentity{
      .subject = fields.subject,
      .key_identifier = ToBytes(key_identifier),
      .signature_algorithm = algorithm,
      .validity = fields.validity,
      .ocsp_urls = {},
      .ca_issuers_urls = {},
      .crl_urls = {},
      .name_constraints = ConstraintsOf(certificate),
  };
}

Issuer::Issuer(IssuerParts parts)
    : parts_(std::move(parts)),
      identity_(IdentityOf(parts_.certificate, *x509::SignatureAlgorithmFor(key().type()))) {
  identity_.ocsp_urls = parts_.ocsp_urls;
  identity_.ca_issuers_urls = parts_.ca_issuers_urls;
  identity_.crl_urls = parts_.crl_urls;
}

const x509::SubjectPublicKeyInfo& Issuer::key() const {
  return parts_.certificate.tbs().fields().public_key;
}

Task<Result<Bytes>> Issuer::Sign(const RecordedTbs& record, BootTime deadline,
                                 signing::Patience patience) const {
  return parts_.key->Sign(SignPurpose::kCertificate, ToBytes(record.tbs()), deadline, patience);
}

Task<Result<Bytes>> SignCaCertificate(const RecordedCaTbs& record, signing::SigningKey& key,
                                      BootTime deadline) {
  return key.Sign(SignPurpose::kCaCertificate, ToBytes(record.tbs()), deadline,
                  signing::Patience::kUntilDeadline);
}

}  // namespace mayfly::issuance
