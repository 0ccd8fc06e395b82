#include "http/tls_context.h"

namespace mayfly::http {

Result<std::unique_ptr<TlsContext>> TlsContext::Load(net::TlsFiles files, const Clock& clock) {
  std::unique_ptr<TlsContext> context(new TlsContext(std::move(files), clock));
  context->looked_at_ = clock.BootNow();
  TRY(context->Read());
  return context;
}

std::shared_ptr<TlsContext::Context> TlsContext::Current() {
  std::lock_guard lock(mutex_);
  const BootTime now = clock_.BootNow();
  if (now - looked_at_ >= kTlsFilesLookedAtEvery) {
    looked_at_ = now;
    if (VersionsNow() != read_) static_cast<void>(Read());
  }
  return current_;
}

std::optional<TlsContext::Versions> TlsContext::VersionsNow() const {
  struct stat certificate{}, key{};
  if (stat(files_.certificate.c_str(), &certificate) != 0) return std::nullopt;
  if (stat(files_.private_key.c_str(), &key) != 0) return std::nullopt;
  return Versions{FileVersion::Of(certificate), FileVersion::Of(key)};
}

// A pair that was replaced while it was read is read again at the next look.
Status TlsContext::Read() {
  const auto versions = VersionsNow();
  TRY(net::CheckTlsFiles(files_));
  auto context = std::make_shared<Context>(Context::tls_server);
  boost::system::error_code error;
  context->set_options(Context::no_tlsv1 | Context::no_tlsv1_1 | Context::no_compression, error);
  if (!error) context->use_certificate_chain_file(files_.certificate.string(), error);
  if (!error) context->use_private_key_file(files_.private_key.string(), Context::pem, error);
  if (error) {
    return Fail(ErrorCode::kConfiguration, "listener.certificate",
                files_.certificate.string() + ": " + error.message());
  }
  current_ = std::move(context);
  read_ = versions;
  return Ok();
}

}  // namespace mayfly::http
