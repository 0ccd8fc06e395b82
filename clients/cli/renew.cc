// `mayfly renew`: the file's own certificate and key ask for the next one, under a new key. What is
// there stays until the new one has come; then both files are replaced and the CA is told. After
// its end it authenticates nobody: then its key signs for the request (RenewExpiredCertificate).
#include "clients/cli/render.h"
#include "clients/cli/verbs.h"
#include "clients/cli/wish.h"
#include "clients/cpp/files.h"
#include "clients/cpp/private_key.h"
#include "clients/cpp/renewal_files.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

struct Plan {
  client::RenewalFiles files;
  Bytes current_der;
  bool has_expired;
  client::PrivateKey new_key;
  Bytes csr_der;
  std::optional<Seconds> lifetime;
};

constexpr Seconds kTurnDefault{15};

// "web.crt" -> "web.key", where no other is given.
fs::path KeyOf(const RenewOptions& options) {
  if (!options.key_file.empty()) return options.key_file;
  return fs::path(options.file).replace_extension(".key");
}

// The new key is of the old one's kind, where that can be made here.
Result<client::NewKey> KindOf(const RenewOptions& options, const client::CertificateFacts& facts) {
  if (!options.key_type.empty()) {
    auto kind = client::ParseNewKey(options.key_type);
    if (!kind) return Usage("cli.key-type", "--key-type: " + kind.error().message);
    return kind;
  }
  const auto kind = client::ParseNewKey(facts.key);
  return kind ? *kind : client::NewKey::kEcP256;
}

Status CheckThatItCanAsk(const client::CertificateFacts& facts, const std::string& file) {
  for (const client::ExtensionFacts& extension : facts.extensions) {
    const bool is_purposes = extension.name == "X509v3 Extended Key Usage";
    if (is_purposes && extension.text.find("Client Auth") == std::string::npos) {
      return Fail(ErrorCode::kInvalidArgument, "renewal.server-only",
                  file +
                      " is for servers only (no clientAuth), so it cannot prove to the CA who "
                      "asks");
    }
  }
  return Ok();
}

Result<client::RenewalFiles> OpenFiles(const Invocation& invocation, const RenewOptions& options) {
  const fs::path& folder = invocation.surroundings.working_folder;
  TRY_ASSIGN(const auto timeout, FindTimeout(invocation.global, invocation.surroundings));
  return client::RenewalFiles::Open(folder / options.file, folder / KeyOf(options),
                                    timeout.value_or(kTurnDefault));
}

Result<Plan> MakePlan(const Invocation& invocation, const RenewOptions& options) {
  TRY_ASSIGN(client::RenewalFiles files, OpenFiles(invocation, options));
  if (files.was_completed()) {
    Note(invocation,
         "An earlier run was ended between the two files; its certificate is in place.");
  }
  TRY_ASSIGN(const auto certificates, client::ReadCertificates(files.certificate()));
  TRY_ASSIGN(const auto lifetime, ReadLifetime(options.lifetime));
  TRY_ASSIGN(const client::NewKey kind, KindOf(options, certificates.front()));
  // Both ends are inclusive (RFC 5280 4.1.2.5).
  const bool has_expired = invocation.clock.Now() >= certificates.front().not_after + Seconds(1);
  if (!has_expired) TRY(CheckThatItCanAsk(certificates.front(), options.file));
  TRY_ASSIGN(auto new_key, client::PrivateKey::Generate(kind));
  TRY_ASSIGN(Bytes csr, client::MakeCertificationRequest(new_key, {}));
  return Plan{std::move(files),   certificates.front().der, has_expired,
              std::move(new_key), std::move(csr),           lifetime};
}

// What came, whichever way it was asked for.
struct Renewed {
  ca::v1::Certificate certificate;
  std::string chain;
  Json document;
};

template <class Response>
Renewed RenewedOf(const Response& response) {
  return {response.certificate(), ChainPem(response), ToJson(response)};
}

Status WriteFiles(const Plan& plan, const Renewed& renewed) {
  TRY_ASSIGN(const SecretBytes pem, plan.new_key.Pkcs8Pem());
  return plan.files.Replace(renewed.chain, pem);
}

Result<Answer> AnswerOfRenewal(const Renewed& renewed, TimePoint now) {
  TRY_ASSIGN(const Shown shown, ShownRecord(renewed.certificate));
  Answer answer = AnswerOf(shown, now);
  answer.document = renewed.document;
  answer.pem = renewed.chain;
  return answer;
}

// The files themselves authenticate, whatever the settings say.
Invocation AsHolder(const Invocation& invocation, const Plan& plan) {
  Invocation holder = invocation;
  holder.global.certificate = plan.files.certificate().string();
  holder.global.private_key = plan.files.key().string();
  holder.global.token_file.clear();
  return holder;
}

Result<Renewed> AskByCertificate(client::Client& client, const Plan& plan) {
  TRY_ASSIGN(const auto renewed, client.Renew(plan.csr_der, plan.lifetime));
  return RenewedOf(renewed);
}

Result<Renewed> AskByOldKey(client::Client& client, const Plan& plan) {
  TRY_ASSIGN(const auto current, x509::Certificate::FromDer(plan.current_der));
  TRY_ASSIGN(const SecretBytes pem, client::ReadSecretFile(plan.files.key()));
  TRY_ASSIGN(const auto old_key, client::PrivateKey::FromPem(pem.Reveal()));
  TRY_ASSIGN(const auto renewed,
             client.RenewExpired(current, old_key, plan.csr_der, plan.lifetime));
  return RenewedOf(renewed);
}

// Its first use says so too; one that was renewed after its end has no connection to say it on.
void Acknowledge(const Invocation& invocation, client::Client& client, const Renewed& renewed) {
  const auto acknowledged = client.Acknowledge(renewed.certificate.name());
  if (acknowledged) return;
  Note(invocation, "The CA was not told that it arrived (" + acknowledged.error().message +
                       "); its first use says so too.");
}

}  // namespace

ExitCode Renew(const Invocation& invocation, const RenewOptions& options) {
  constexpr std::string_view kWhat = "nothing was renewed";
  const auto plan = MakePlan(invocation, options);
  if (!plan) return Report(invocation, kWhat, plan.error());
  const Invocation holder = AsHolder(invocation, *plan);
  const auto client = Connect(holder, plan->has_expired ? Caller::kNobody : Caller::kFromSettings);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto renewed =
      plan->has_expired ? AskByOldKey(**client, *plan) : AskByCertificate(**client, *plan);
  if (!renewed) return Report(invocation, kWhat, renewed.error());
  if (const auto written = WriteFiles(*plan, *renewed); !written) {
    return Report(invocation,
                  "certificate " + renewed->certificate.serial_number() +
                      " was issued, but its files were not written; the old one stays good",
                  written.error());
  }
  const auto answer = AnswerOfRenewal(*renewed, invocation.clock.Now());
  if (!answer) return Report(invocation, "cannot read the certificate", answer.error());
  Print(invocation, *answer);
  invocation.console.err << "Key:         " << KeyOf(options).string() << "\n"
                         << "Certificate: " << options.file << " (with its chain)\n";
  if (!plan->has_expired) Acknowledge(invocation, **client, *renewed);
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
