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

Status WriteBoth(const std::filesystem::path& file, const std::string& chain,
                 const SecretBytes& key_pem) {
  Bytes both = ToBytes(AsBytes(chain));
  both.insert(both.end(), key_pem.Reveal().begin(), key_pem.Reveal().end());
  const SecretBytes content(std::move(both));
  return client::WriteFileAtomically(file, content.Reveal(), client::kPrivateMode,
                                     client::Existing::kReplace);
}

// The certificate there, where it has the names and the key beside it is its own.
Result<x509::Certificate> CertificateOf(const LocalCertificate& wanted) {
  const CredentialFiles& files = wanted.files;
  TRY_ASSIGN(const Bytes text, client::ReadFile(files.certificate));
  TRY_ASSIGN(auto certificate, x509::Certificate::FromPem(AsText(text)));
  TRY_ASSIGN(const SecretBytes key, client::ReadSecretFile(files.private_key));
  if (!client::IsKeyOf(key.Reveal(), certificate.tbs().fields().public_key)) {
    return Fail(ErrorCode::kConfiguration, "credentials.key", "the key is another certificate's");
  }
  TRY_ASSIGN(auto names, certificate.tbs().names());
  if (x509::Normalize(std::move(names)) == x509::Normalize(wanted.names)) return certificate;
  return Fail(ErrorCode::kConfiguration, "credentials.names", "the certificate has other names");
}

}  // namespace

Status IssueLocalCertificate(Wiring& wiring, const LocalCertificate& wanted) {
  TRY_ASSIGN(auto key, client::PrivateKey::Generate(client::NewKey::kEcP256));
  TRY_ASSIGN(Bytes csr, client::MakeCertificationRequest(key, wanted.names));
  issuance::IssueRequest request{
      .principal = LocalPrincipal(),
      .key = x509::CertificationRequestDer{std::move(csr)},
      .profile = wanted.profile,
      .names = {},
      .lifetime = wanted.lifetime,
      .request_id = std::nullopt,
  };
  const BootTime deadline = wiring.foundation().In(kCommandTimeMax);
  TRY_ASSIGN(auto issued, SyncWait(wiring.authority().Issue(std::move(request), deadline)));
  // Whoever issued it may end before another round comes by itself.
  TRY(SyncWait(wiring.audit().gate().WaitForCheckpoint(deadline)));
  TRY_ASSIGN(auto key_pem, key.Pkcs8Pem());
  if (wanted.files.certificate == wanted.files.private_key) {
    return WriteBoth(wanted.files.certificate, ChainPem(issued), key_pem);
  }
  TRY(client::WriteFileAtomically(wanted.files.private_key, key_pem.Reveal(), client::kPrivateMode,
                                  client::Existing::kReplace));
  return client::WriteFileAtomically(wanted.files.certificate, AsBytes(ChainPem(issued)),
                                     client::kPublicMode, client::Existing::kReplace);
}

TimePoint RenewalTimeOf(const x509::Certificate& certificate) {
  const x509::Validity& validity = certificate.tbs().fields().validity;
  return validity.not_after() - validity.lifetime() / kPlentyDivisor;
}

LifeLeft LifeLeftOf(const x509::Certificate& certificate, TimePoint now) {
  return now < RenewalTimeOf(certificate) ? LifeLeft::kPlenty : LifeLeft::kLittle;
}

Result<LifeLeft> LifeLeftIn(Wiring& wiring, const LocalCertificate& wanted) {
  auto certificate = CertificateOf(wanted);
  const Foundation& foundation = wiring.foundation();
  if (!certificate || LifeLeftOf(*certificate, foundation.clock.Now()) == LifeLeft::kLittle) {
    return LifeLeft::kLittle;
  }
  auto identified = SyncWait(
      wiring.authority().Identify(*std::move(certificate), foundation.In(kCommandTimeMax)));
  if (identified) return LifeLeft::kPlenty;
  if (identified.error().code == ErrorCode::kUnauthenticated) return LifeLeft::kLittle;
  return std::move(identified).error();
}

}  // namespace mayfly
