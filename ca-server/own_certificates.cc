#include "own_certificates.h"

#include <algorithm>

#include "clients/cpp/files.h"
#include "telemetry/log.h"

namespace mayfly {
namespace {

// A listener's are issued under this profile.
constexpr const char* kServerProfile = "server";
// One that was revoked, or whose file somebody else replaced, is found within this; so long is also
// waited after a failure.
constexpr Seconds kLookedAtEvery{5};

Result<x509::Certificate> CertificateIn(const std::filesystem::path& file) {
  TRY_ASSIGN(const Bytes text, client::ReadFile(file));
  return x509::Certificate::FromPem(AsText(text));
}

}  // namespace

OwnCertificates::OwnCertificates(Wiring& wiring) : wiring_(wiring) {
  for (const config::ListenerConfig& listener : wiring.config().listeners) {
    if (listener.tls == config::ListenerTls::kNone) continue;
    all_.push_back({{kServerProfile,
                     listener.names,
                     std::nullopt,
                     {listener.certificate, listener.private_key}},
                    true});
  }
  if (const auto& client = wiring.config().database.client_certificate) {
    all_.push_back(
        {{client->profile, client->names, std::nullopt, {client->file, client->file}}, false});
  }
}

Status OwnCertificates::Renew() {
  for (Own& own : all_) TRY(Renew(own));
  return Ok();
}

void OwnCertificates::RenewIfDue() {
  const TimePoint now = wiring_.foundation().clock.Now();
  for (Own& own : all_) {
    if (now < own.due) continue;
    own.due = now + kLookedAtEvery;
    if (auto renewed = Renew(own); !renewed) {
      telemetry::LogFailure("own certificate not renewed", renewed.error(),
                            {{"file", own.wanted.files.certificate.string()}});
    }
  }
}

Status OwnCertificates::Renew(Own& own) {
  const CredentialFiles& files = own.wanted.files;
  TRY_ASSIGN(const LifeLeft left, LifeLeftIn(wiring_, own.wanted));
  if (left == LifeLeft::kLittle) {
    TRY(IssueLocalCertificate(wiring_, own.wanted));
    telemetry::LogInfo("own certificate issued", {{"file", files.certificate.string()}});
  }
  TRY_ASSIGN(const auto certificate, CertificateIn(files.certificate));
  own.due = std::min(RenewalTimeOf(certificate),
                     TimePoint(wiring_.foundation().clock.Now() + kLookedAtEvery));
  return Ok();
}

// The files count: gRPC reads them again by itself.
Status OwnCertificates::Trouble() const {
  const TimePoint now = wiring_.foundation().clock.Now();
  for (const Own& own : all_) {
    if (!own.is_listeners) continue;
    const std::filesystem::path& file = own.wanted.files.certificate;
    TRY_ASSIGN(const auto certificate, CertificateIn(file));
    if (certificate.tbs().fields().validity.Covers(now)) continue;
    return Fail(ErrorCode::kShuttingDown, "serve.certificate-expired",
                file.string() + " is outside its validity");
  }
  return Ok();
}

std::vector<OwnCertificates::Found> OwnCertificates::Read() const {
  std::vector<Found> found;
  for (const Own& own : all_) {
    const std::filesystem::path& file = own.wanted.files.certificate;
    if (auto certificate = CertificateIn(file)) found.push_back({file, *std::move(certificate)});
  }
  return found;
}

}  // namespace mayfly
