// `mayfly issue`: key and CSR are made here, the certificate is asked for, and only then is
// anything written, so that a refusal leaves the folder, and an older key, as they were.
#include <sstream>

#include "clients/cli/render.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/files.h"
#include "clients/cpp/names.h"
#include "clients/cpp/private_key.h"
#include "config/near_miss.h"
#include "x509/certification_request.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// What is asked for, and where it goes.
struct Plan {
  client::IssueWish wish;
  std::optional<client::PrivateKey> key;
  fs::path certificate_path;
  fs::path key_path;
  fs::path proof_path;  // empty: no proof is wanted
  client::Existing existing;
};

// Beside the proof: the entry that it is about.
fs::path EntryPath(const Plan& plan) { return plan.proof_path.string() + ".entry"; }

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

Status PlacePlan(const IssueOptions& options, Plan& plan) {
  TRY_ASSIGN(const std::string stem, StemOf(options, plan.wish.csr_der));
  const fs::path folder = options.folder;
  plan.certificate_path = options.certificate_out.empty() ? folder / (stem + ".crt")
                                                          : fs::path(options.certificate_out);
  plan.key_path = options.key_out.empty() ? folder / (stem + ".key") : fs::path(options.key_out);
  plan.existing = options.force ? client::Existing::kReplaceAlike : client::Existing::kKeep;
  std::vector<fs::path> places = {plan.certificate_path};
  if (plan.key) places.push_back(plan.key_path);
  if (!plan.proof_path.empty()) places.insert(places.end(), {plan.proof_path, EntryPath(plan)});
  return client::CheckPlaces(places, plan.existing);
}

Result<Plan> MakePlan(const IssueOptions& options) {
  TRY(CheckNoCsr(options, options.key_out, "--key-out"));
  TRY_ASSIGN(Wish wished, MakeWish(options));
  Plan plan{std::move(wished.wish), std::move(wished.key),  {}, {},
            options.proof_out,      client::Existing::kKeep};
  if (!options.proof_out.empty()) plan.wish.with_proof = client::WithProof::kYes;
  TRY(PlacePlan(options, plan));
  return plan;
}

Status WriteFiles(const Plan& plan, const ca::v1::IssueCertificateResponse& issued) {
  const std::string chain = ChainPem(issued);
  std::vector<client::NewFile> files = {
      {plan.certificate_path, AsBytes(chain), client::kPublicMode}};
  const auto& proof = issued.inclusion_proof();
  if (!plan.proof_path.empty()) {
    files.push_back({plan.proof_path, AsBytes(proof.tlog_proof()), client::kPublicMode});
    files.push_back({EntryPath(plan), AsBytes(proof.entry()), client::kPublicMode});
  }
  if (!plan.key) return client::WriteFilesTogether(files, plan.existing);
  TRY_ASSIGN(const SecretBytes pem, plan.key->Pkcs8Pem());
  files.push_back({plan.key_path, pem.Reveal(), client::kPrivateMode});
  return client::WriteFilesTogether(files, plan.existing);
}

Result<Answer> AnswerOfIssue(const ca::v1::IssueCertificateResponse& issued, TimePoint now) {
  TRY_ASSIGN(const Shown shown, ShownRecord(issued.certificate()));
  Answer answer = AnswerOf(shown, now);
  answer.document = ToJson(issued);
  answer.pem = ChainPem(issued);
  return answer;
}

ExitCode Tell(const Invocation& invocation, const Plan& plan,
              const ca::v1::IssueCertificateResponse& issued) {
  const auto answer = AnswerOfIssue(issued, invocation.clock.Now());
  if (!answer) return Report(invocation, "cannot read the certificate", answer.error());
  Print(invocation, *answer);
  std::ostream& err = invocation.console.err;
  if (plan.key) err << "Key:         " << plan.key_path.string() << " (mode 0600)\n";
  err << "Certificate: " << plan.certificate_path.string() << " (with its chain)\n";
  if (!plan.proof_path.empty()) err << "Proof:       " << plan.proof_path.string() << "\n";
  return ExitCode::kOk;
}

// The CA's message ends with the profiles there are, "...: client, server"; the nearest is named.
Error WithNearestProfile(Error error, const std::string& profile) {
  const size_t colon = error.message.rfind(": ");
  if (error.rule != "profile.unknown" || colon == std::string::npos) return error;
  std::vector<std::string> names;
  std::istringstream words(error.message.substr(colon + 2));
  for (std::string word; words >> word;) {
    if (word.ends_with(',')) word.pop_back();
    names.push_back(word);
  }
  error.message += config::DidYouMean(profile, names);
  return error;
}

}  // namespace

ExitCode Issue(const Invocation& invocation, const IssueOptions& options) {
  constexpr std::string_view kWhat = "no certificate was issued";
  const auto plan = MakePlan(options);
  if (!plan) return Report(invocation, kWhat, plan.error());
  const auto client = Connect(invocation);
  if (!client) return Report(invocation, kWhat, client.error());
  const auto issued = (*client)->Issue(plan->wish);
  if (!issued) {
    return Report(invocation, kWhat, WithNearestProfile(issued.error(), options.profile));
  }
  if (const auto written = WriteFiles(*plan, *issued); !written) {
    return Report(invocation,
                  "certificate " + issued->certificate().serial_number() +
                      " was issued, but its files were not written; revoke it if it is not wanted",
                  written.error());
  }
  return Tell(invocation, *plan, *issued);
}

}  // namespace mayfly::cli
