#include "clients/cli/wish.h"

#include "clients/cli/invocation.h"
#include "clients/cpp/files.h"
#include "clients/cpp/names.h"
#include "config/strict_toml.h"
#include "x509/certification_request.h"

namespace mayfly::cli {
namespace {

Result<client::NewKey> ReadKeyType(const std::string& text) {
  if (text.empty()) return client::NewKey::kEcP256;
  auto kind = client::ParseNewKey(text);
  if (kind) return kind;
  return Usage("cli.key-type", "--key-type " + kind.error().message);
}

Result<Bytes> ReadCsr(const std::string& file) {
  TRY_ASSIGN(const Bytes content, client::ReadFile(file));
  auto der = x509::CsrDerFromPemOrDer(content);
  if (der) return der;
  const bool is_key = AsText(content).find("PRIVATE KEY-----") != std::string_view::npos;
  return Usage("cli.csr", file + (is_key ? " is a private key, not a certification request"
                                         : ": " + der.error().message));
}

}  // namespace

Result<x509::GeneralNames> ReadNames(const std::vector<std::string>& texts) {
  auto names = client::ParseNames(texts);
  if (names) return names;
  Error error = Usage("cli.names", "a name was mistyped");
  error.violations = std::move(names.error().violations);
  return error;
}

Result<std::optional<Seconds>> ReadLifetime(const std::string& text) {
  if (text.empty()) return std::optional<Seconds>();
  auto lifetime = config::ParseDuration(text);
  if (!lifetime || *lifetime <= Seconds(0)) {
    return Usage("cli.lifetime",
                 "--lifetime \"" + Escape(text, 40) + "\" is not like 90m, 24h or 30d");
  }
  return std::optional<Seconds>(*lifetime);
}

Status CheckNoCsr(const WishOptions& options, const std::string& value, std::string_view option) {
  if (value.empty() || options.csr_file.empty()) return Ok();
  return Usage("cli.key-of-csr",
               std::string(option) + " is for a key that is made here, and --csr brings its own");
}

Result<Wish> MakeWish(const WishOptions& options) {
  TRY(CheckNoCsr(options, options.key_type, "--key-type"));
  Wish out;
  out.wish.profile = options.profile;
  TRY_ASSIGN(out.wish.lifetime, ReadLifetime(options.lifetime));
  TRY_ASSIGN(x509::GeneralNames names, ReadNames(options.names));
  if (!options.csr_file.empty()) {
    TRY_ASSIGN(out.wish.csr_der, ReadCsr(options.csr_file));
    out.wish.names = std::move(names);
    return out;
  }
  if (names.empty()) return Usage("cli.names", "give at least one name, or --csr");
  TRY_ASSIGN(const client::NewKey kind, ReadKeyType(options.key_type));
  TRY_ASSIGN(out.key, client::PrivateKey::Generate(kind));
  TRY_ASSIGN(out.wish.csr_der, client::MakeCertificationRequest(*out.key, names));
  return out;
}

}  // namespace mayfly::cli
