#include "database_certificate.h"

#include "clients/cpp/files.h"
#include "local_certificate.h"
#include "telemetry/log.h"

namespace mayfly {
namespace {

constexpr Seconds kRetryPause{5};

}  // namespace

Status DatabaseCertificate::RenewIfDue() {
  const TimePoint now = wiring_.foundation().clock.Now();
  if (now < due_) return Ok();
  due_ = now + kRetryPause;
  return Renew();
}

Status DatabaseCertificate::Renew() {
  if (!wiring_.config().database.client_certificate) return Ok();
  const config::ClientCertificateConfig& wanted = *wiring_.config().database.client_certificate;
  const CredentialFiles files{wanted.file, wanted.file};
  TRY_ASSIGN(const LifeLeft left, LifeLeftIn(wiring_, files));
  if (left == LifeLeft::kLittle) {
    TRY(IssueLocalCertificate(wiring_, {wanted.profile, wanted.names, std::nullopt, files}));
    telemetry::LogInfo("database certificate issued", {{"file", wanted.file.string()}});
  }
  TRY_ASSIGN(const Bytes text, client::ReadFile(wanted.file));
  TRY_ASSIGN(const auto certificate, x509::Certificate::FromPem(AsText(text)));
  due_ = RenewalTimeOf(certificate);
  return Ok();
}

}  // namespace mayfly
