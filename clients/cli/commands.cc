#include "clients/cli/commands.h"

#include "base/uuid.h"
#include "clients/cli/render.h"
#include "clients/cpp/files.h"
#include "clients/cpp/names.h"
#include "x509/serial_number.h"

namespace mayfly::cli {
namespace {

// Shorter hex could be somebody's host name.
constexpr size_t kSerialHexDigitsMin = 16;

Result<std::string> NameOfFile(const std::filesystem::path& path) {
  TRY_ASSIGN(const Bytes content, client::ReadFile(path));
  auto certificate = x509::Certificate::FromPem(AsText(content));
  if (!certificate) {
    return Fail(ErrorCode::kInvalidArgument, certificate.error().rule,
                path.string() + ": " + certificate.error().message);
  }
  return client::AnyIssuerName(certificate->tbs().serial());
}

std::string ShownSubject(const ca::v1::Certificate& certificate) {
  std::string names;
  for (const std::string& name : certificate.subject_alt_names()) {
    names += (names.empty() ? "" : ", ") + Escape(name, 2100);
  }
  return certificate.serial_number() + (names.empty() ? "" : " (" + names + ")");
}

// Nothing: go on.
std::optional<ExitCode> Confirm(const Context& context, client::Client& client,
                                const std::string& name) {
  const auto certificate = client.Get(name);
  if (!certificate) return Report(context, "cannot look at the certificate", certificate.error());
  const auto answer = context.console.confirm("Revoke " + ShownSubject(*certificate) +
                                              "? This is for ever. [y/N] ");
  if (!answer) {
    return Report(context, "not revoked",
                  Fail(ErrorCode::kInvalidArgument, "cli.confirmation",
                       "there is no terminal to ask on; give --yes"));
  }
  if (*answer) return std::nullopt;
  context.console.err << "Not revoked.\n";
  return ExitCode::kFailed;
}

}  // namespace

ExitCode Report(const Context& context, std::string_view what, const Error& error) {
  context.console.err << ErrorText(what, error);
  return ExitCodeOf(error);
}

Result<std::unique_ptr<client::Client>> Connect(const Context& context) {
  TRY_ASSIGN(client::ClientConfig config, ResolveSettings(context.global, context.surroundings));
  config.on_retry = [&console = context.console](const Error& error, Milliseconds wait) {
    console.err << "mayfly: " << Wrap(error.message, 2) << "\n  Trying again in " << wait.count()
                << " ms.\n";
  };
  return client::Client::Connect(std::move(config), {context.clock, context.random});
}

Result<std::string> ResolveTarget(const std::string& target,
                                  const std::filesystem::path& working_folder) {
  if (target.starts_with("issuers/")) return target;
  std::error_code ignored;
  const auto file = working_folder / target;  // an absolute target replaces the folder
  if (std::filesystem::is_regular_file(file, ignored)) return NameOfFile(file);
  if (target.size() >= kSerialHexDigitsMin) {
    if (const auto serial = x509::SerialNumber::FromHex(target)) {
      return client::AnyIssuerName(*serial);
    }
  }
  if (const auto name = client::ParseName(target)) {
    const auto beside = working_folder / (client::FileStemOf(*name) + ".crt");
    if (std::filesystem::is_regular_file(beside, ignored)) return NameOfFile(beside);
  }
  return Fail(ErrorCode::kInvalidArgument, "cli.target",
              "\"" + Escape(target) +
                  "\" is no serial number in hex, no issuers/../certificates/.. and no "
                  "certificate file; a name works where its NAME.crt is in this folder");
}

ExitCode Show(const Context& context, const std::string& target) {
  constexpr std::string_view kWhat = "cannot show the certificate";
  const auto name = ResolveTarget(target, context.surroundings.working_folder);
  if (!name) return Report(context, kWhat, name.error());
  const auto client = Connect(context);
  if (!client) return Report(context, kWhat, client.error());
  const auto certificate = (*client)->Get(*name);
  if (!certificate) return Report(context, kWhat, certificate.error());
  context.console.out << (context.global.json ? Json(*certificate)
                                              : CertificateText(*certificate, context.clock.Now()));
  return ExitCode::kOk;
}

ExitCode Revoke(const Context& context, const RevokeOptions& options) {
  constexpr std::string_view kWhat = "cannot revoke the certificate";
  const auto reason = ParseReason(options.reason);
  if (!reason) return Report(context, kWhat, reason.error());
  const auto name = ResolveTarget(options.target, context.surroundings.working_folder);
  if (!name) return Report(context, kWhat, name.error());
  const auto client = Connect(context);
  if (!client) return Report(context, kWhat, client.error());
  if (!options.yes) {
    if (const auto end = Confirm(context, **client, *name)) return *end;
  }
  const auto revoked = (*client)->Revoke(*name, *reason);
  if (!revoked) return Report(context, kWhat, revoked.error());
  if (context.global.json) {
    context.console.out << Json(*revoked);
    return ExitCode::kOk;
  }
  context.console.out << CertificateText(revoked->certificate(), context.clock.Now());
  context.console.err << (revoked->already_revoked()
                              ? "It had been revoked before; that revocation stands.\n"
                              : "Revoked, for ever.\n")
                      << "OCSP answers given before may say good until\n"
                      << TimeText(revoked->good_answers_expire_time().seconds()) << ".\n";
  return ExitCode::kOk;
}

ExitCode TrustBundle(const Context& context) {
  constexpr std::string_view kWhat = "cannot get the trust bundle";
  const auto client = Connect(context);
  if (!client) return Report(context, kWhat, client.error());
  const auto bundle = (*client)->TrustBundle();
  if (!bundle) return Report(context, kWhat, bundle.error());
  context.console.out << (context.global.json ? Json(*bundle) : TrustBundleText(*bundle));
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
