#include "local_certificate.h"

#include <unistd.h>

#include "clients/cpp/files.h"
#include "clients/cpp/private_key.h"

namespace mayfly {
namespace {

constexpr int kPlentyDivisor = 3;

policy::Principal LocalPrincipal() {
  const std::string id = "local:" + std::to_string(getuid());
  return policy::Principal{policy::ProofOfIdentity::kLocal, id, id, {}};
}

std::string ChainPem(const issuance::IssuedCertificate& issued) {
  std::string pem = issued.certificate.Pem();
  for (const Bytes& der : issued.issuer_chain) pem += x509::ToPem("CERTIFICATE", der);
  return pem;
}

}  // namespace

Status IssueLocalCertificate(Wiring& wiring, const LocalCertificate& wanted) {
  TRY_ASSIGN(auto key, client::PrivateKey::Generate(client::NewKey::kEcP256));
  TRY_ASSIGN(Bytes csr, client::MakeCertificationRequest(key, wanted.names));
  issuance::IssueRequest request{
      .principal = LocalPrincipal(),
      .csr_der = std::move(csr),
      .profile = wanted.profile,
      .names = {},
      .lifetime = wanted.lifetime,
      .request_id = std::nullopt,
  };
  TRY_ASSIGN(auto issued, SyncWait(wiring.authority().Issue(
                              std::move(request), wiring.foundation().In(kCommandTimeMax))));
  TRY_ASSIGN(auto key_pem, key.Pkcs8Pem());
  TRY(client::WriteFileAtomically(wanted.key_file, key_pem.Reveal(), client::kPrivateMode,
                                  client::Existing::kReplace));
  return client::WriteFileAtomically(wanted.certificate_file, AsBytes(ChainPem(issued)),
                                     client::kPublicMode, client::Existing::kReplace);
}

LifeLeft LifeLeftOf(const x509::Certificate& certificate, TimePoint now) {
  const x509::Validity& validity = certificate.tbs().fields().validity;
  const bool plenty = validity.not_after() - now > validity.lifetime() / kPlentyDivisor;
  return plenty ? LifeLeft::kPlenty : LifeLeft::kLittle;
}

LifeLeft LifeLeftIn(const std::filesystem::path& certificate_file, TimePoint now) {
  auto text = client::ReadFile(certificate_file);
  if (!text) return LifeLeft::kLittle;
  auto certificate = x509::Certificate::FromPem(AsText(*text));
  return certificate ? LifeLeftOf(*certificate, now) : LifeLeft::kLittle;
}

}  // namespace mayfly
