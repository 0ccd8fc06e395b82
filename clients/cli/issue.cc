// `mayfly issue`: key and CSR are made here, the certificate is asked for, and only then is
// anything written, so that a refusal leaves the folder, and an older key, as they were.
#include <unistd.h>

#include "clients/cli/commands.h"
#include "clients/cli/render.h"
#include "clients/cpp/files.h"
#include "clients/cpp/names.h"
#include "clients/cpp/private_key.h"
#include "config/strict_toml.h"
#include "x509/certification_request.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// What is asked for, and where it goes.
struct Plan {
  client::IssueWish wish;
  std::optional<client::PrivateKey> key;  // nothing with --csr
  fs::path certificate_path;
  fs::path key_path;
  client::Existing existing;
};

Error Usage(std::string rule, std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), std::move(message));
}

Result<std::optional<Seconds>> ReadLifetime(const std::string& text) {
  if (text.empty()) return std::optional<Seconds>();
  auto lifetime = config::ParseDuration(text);
  if (!lifetime) return Usage("cli.lifetime", "--lifetime is like 90m, 24h or 7d");
  return std::optional<Seconds>(*lifetime);
}

Result<Bytes> ReadCsr(const std::string& file) {
  TRY_ASSIGN(const Bytes content, client::ReadFile(file));
  return x509::CsrDerFromPemOrDer(content);
}

// What the files are named after: the first name as it was given, else the first one in the CSR.
Result<std::string> StemOf(const IssueOptions& options, ByteSpan csr_der) {
  if (!options.names.empty()) {
    TRY_ASSIGN(const auto first, client::ParseName(options.names.front()));
    return client::FileStemOf(first);
  }
  TRY_ASSIGN(const auto csr, x509::CertificationRequest::FromDer(csr_der));
  if (!csr.names().empty()) return client::FileStemOf(csr.names().front());
  return fs::path(options.csr_file).stem().string();
}

Status CheckPlace(const fs::path& path, client::Existing existing) {
  std::error_code ignored;
  if (existing == client::Existing::kKeep && fs::exists(fs::symlink_status(path, ignored))) {
    return Fail(ErrorCode::kConflict, "file.exists", path.string() + " exists and is not replaced");
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (access(folder.c_str(), W_OK | X_OK) == 0) return Ok();
  return Usage("file.write", "cannot write in the folder " + folder.string());
}

Status PlacePlan(const IssueOptions& options, Plan& plan) {
  TRY_ASSIGN(const std::string stem, StemOf(options, plan.wish.csr_der));
  const fs::path folder = options.folder;
  plan.certificate_path = options.certificate_out.empty() ? folder / (stem + ".crt")
                                                          : fs::path(options.certificate_out);
  plan.key_path = options.key_out.empty() ? folder / (stem + ".key") : fs::path(options.key_out);
  plan.existing = options.force ? client::Existing::kReplace : client::Existing::kKeep;
  if (plan.key) TRY(CheckPlace(plan.key_path, plan.existing));
  return CheckPlace(plan.certificate_path, plan.existing);
}

Result<Plan> MakePlan(const IssueOptions& options) {
  Plan plan;
  plan.wish.profile = options.profile;
  TRY_ASSIGN(plan.wish.lifetime, ReadLifetime(options.lifetime));
  TRY_ASSIGN(x509::GeneralNames names, client::ParseNames(options.names));
  if (!options.csr_file.empty()) {
    TRY_ASSIGN(plan.wish.csr_der, ReadCsr(options.csr_file));
    plan.wish.names = std::move(names);
  } else {
    if (names.empty()) return Usage("cli.names", "give at least one name, or --csr");
    TRY_ASSIGN(const client::NewKey kind, client::ParseNewKey(options.key_type));
    TRY_ASSIGN(plan.key, client::PrivateKey::Generate(kind));
    TRY_ASSIGN(plan.wish.csr_der, client::MakeCertificationRequest(*plan.key, names));
  }
  TRY(PlacePlan(options, plan));
  return plan;
}

std::string ChainPem(const ca::v1::IssueCertificateResponse& issued) {
  std::string pem = x509::ToPem("CERTIFICATE", AsBytes(issued.certificate().certificate_der()));
  for (const std::string& der : issued.issuer_chain_der()) {
    pem += x509::ToPem("CERTIFICATE", AsBytes(der));
  }
  return pem;
}

Status WriteFiles(const Plan& plan, const ca::v1::IssueCertificateResponse& issued) {
  if (plan.key) {
    TRY_ASSIGN(const SecretBytes pem, plan.key->Pkcs8Pem());
    TRY(client::WriteFileAtomically(plan.key_path, pem.Reveal(), client::kPrivateMode,
                                    plan.existing));
  }
  const std::string chain = ChainPem(issued);
  return client::WriteFileAtomically(plan.certificate_path, AsBytes(chain), client::kPublicMode,
                                     plan.existing);
}

void Tell(const Context& context, const Plan& plan,
          const ca::v1::IssueCertificateResponse& issued) {
  Console& console = context.console;
  console.out << (context.global.json ? Json(issued)
                                      : CertificateText(issued.certificate(), context.clock.Now()));
  if (plan.key) console.err << "Key:         " << plan.key_path.string() << " (mode 0600)\n";
  console.err << "Certificate: " << plan.certificate_path.string() << " (with its chain)\n";
}

}  // namespace

ExitCode Issue(const Context& context, const IssueOptions& options) {
  constexpr std::string_view kWhat = "no certificate was issued";
  const auto plan = MakePlan(options);
  if (!plan) return Report(context, kWhat, plan.error());
  const auto client = Connect(context);
  if (!client) return Report(context, kWhat, client.error());
  const auto issued = (*client)->Issue(plan->wish);
  if (!issued) return Report(context, kWhat, issued.error());
  if (const auto written = WriteFiles(*plan, *issued); !written) {
    return Report(context,
                  "certificate " + issued->certificate().serial_number() +
                      " was issued, but its files were not written; revoke it if it is not wanted",
                  written.error());
  }
  Tell(context, *plan, *issued);
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
