#include "issuance/issuer.h"

#include <algorithm>

namespace mayfly::issuance {
namespace {

struct Order {
  SignPurpose purpose;
  KeyReference key;
  x509::SubjectPublicKeyInfo public_key;
  Bytes message;
};

// A signature over the order's message, verified. Every caller holds a record, or a canary.
Task<Result<Bytes>> SignAndVerify(Order order, SigningTools tools, BootTime deadline) {
  CO_TRY_ASSIGN(auto algorithm, x509::SignatureAlgorithmFor(order.public_key.type()));
  const Uuid id = Uuid::MakeV7(tools.clock.Now(), tools.random);
  while (true) {
    BootTime try_until = std::min(deadline, tools.clock.BootNow() + kSignTryMax);
    SignJob job{id, order.purpose, order.key, algorithm, order.message, try_until};
    SignResult result = co_await tools.signer.Sign(std::move(job));
    if (result.outcome == SignResult::Outcome::kSigned) {
      CO_TRY(x509::VerifySignature(order.public_key, algorithm, order.message, result.signature));
      co_return std::move(result.signature);
    }
    BootTime next_try = tools.clock.BootNow() + kSignRetryPause;
    if (result.outcome == SignResult::Outcome::kRefused || next_try >= deadline) {
      co_return std::move(result.error);
    }
    co_await SleepUntil(tools.timer, tools.executor, next_try);
  }
}

}  // namespace

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

Issuer::Issuer(IssuerParts parts, SigningTools tools)
    : parts_(std::move(parts)),
      identity_(IdentityOf(parts_.certificate, *x509::SignatureAlgorithmFor(key().type()))),
      tools_(tools) {
  identity_.ocsp_urls = parts_.ocsp_urls;
  identity_.ca_issuers_urls = parts_.ca_issuers_urls;
  identity_.crl_urls = parts_.crl_urls;
}

const x509::SubjectPublicKeyInfo& Issuer::key() const {
  return parts_.certificate.tbs().fields().public_key;
}

Task<Result<Bytes>> Issuer::Sign(const RecordedTbs& record, BootTime deadline) const {
  Order order{
      SignPurpose::kCertificate, {parts_.key_uri, key().hash()}, key(), ToBytes(record.tbs())};
  auto signature = co_await SignAndVerify(std::move(order), tools_, deadline);
  co_return signature;
}

Task<Result<Bytes>> SignCaCertificate(const RecordedCaTbs& record, KeyReference key,
                                      x509::SubjectPublicKeyInfo public_key, SigningTools tools,
                                      BootTime deadline) {
  Order order{SignPurpose::kCaCertificate, std::move(key), std::move(public_key),
              ToBytes(record.tbs())};
  auto signature = co_await SignAndVerify(std::move(order), tools, deadline);
  co_return signature;
}

Task<Result<CanaryProof>> Issuer::ProveKey(std::string uri, BootTime deadline) const {
  CO_TRY_ASSIGN(auto key, co_await tools_.signer.PublicKey(uri, deadline));
  CO_TRY_ASSIGN(auto algorithm, x509::SignatureAlgorithmFor(key.type()));
  Bytes challenge = ToBytes(AsBytes(kCanaryPrefix));
  std::array<uint8_t, 32> fresh;
  tools_.random.Fill(fresh);
  challenge.insert(challenge.end(), fresh.begin(), fresh.end());
  Order order{SignPurpose::kCanary, {std::move(uri), key.hash()}, key, challenge};
  CO_TRY_ASSIGN(Bytes signature, co_await SignAndVerify(std::move(order), tools_, deadline));
  co_return CanaryProof{std::move(key), algorithm, std::move(challenge), std::move(signature)};
}

}  // namespace mayfly::issuance
