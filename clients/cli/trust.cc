// `mayfly trust ...`: the CA's roots, and making this machine believe them. Debian's way: one file
// for each root in /usr/local/share/ca-certificates, read in by update-ca-certificates.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <regex>

#include "clients/cli/render.h"
#include "clients/cli/verbs.h"
#include "clients/cpp/files.h"
#include "x509/certificate.h"
#include "x509/digest.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// What uninstall takes away again: nobody else's.
constexpr std::string_view kPrefix = "mayfly-";
constexpr size_t kFingerprintDigits = 16;

std::string BundlePem(const ca::v1::TrustBundle& bundle) {
  std::string out;
  for (const std::string& der : bundle.root_certificates_der()) {
    out += x509::ToPem("CERTIFICATE", AsBytes(der));
  }
  return out;
}

Result<ca::v1::TrustBundle> AskForBundle(const Invocation& invocation) {
  TRY_ASSIGN(const auto client, Connect(invocation));
  return client->TrustBundle();
}

Result<std::vector<client::CertificateFacts>> Roots(const Invocation& invocation,
                                                    const std::string& file) {
  if (!file.empty()) return client::ReadCertificates(invocation.surroundings.working_folder / file);
  TRY_ASSIGN(const auto bundle, AskForBundle(invocation));
  std::vector<client::CertificateFacts> roots;
  for (const std::string& der : bundle.root_certificates_der()) {
    TRY_ASSIGN(client::CertificateFacts root, client::ReadFacts(AsBytes(der)));
    roots.push_back(std::move(root));
  }
  return roots;
}

Status CheckPlace(const Surroundings& surroundings) {
  if (access(surroundings.anchor_program.c_str(), X_OK) != 0) {
    return Fail(ErrorCode::kInvalidArgument, "trust.program",
                "this system has no " + surroundings.anchor_program.string());
  }
  if (access(surroundings.anchor_folder.c_str(), W_OK | X_OK) == 0) return Ok();
  return Fail(ErrorCode::kInvalidArgument, "trust.root",
              "you may not write in " + surroundings.anchor_folder.string());
}

// What is not a CA would be trusted as what it is: a server with a key that never changes.
Status CheckRoots(const std::vector<client::CertificateFacts>& roots) {
  for (const auto& root : roots) {
    if (root.is_ca && root.subject == root.issuer) continue;
    return Fail(ErrorCode::kInvalidArgument, "trust.not-a-root",
                "the certificate " + root.serial + " is not the root of a CA");
  }
  return Ok();
}

fs::path AnchorOf(const client::CertificateFacts& root, const Surroundings& surroundings) {
  return surroundings.anchor_folder /
         (std::string(kPrefix) + root.sha256.substr(0, kFingerprintDigits) + ".crt");
}

// "mayfly-0123456789abcdef.crt"
bool IsOurs(const std::string& name) {
  static const std::regex kOurs("mayfly-[0-9a-f]{16}\\.crt");
  return std::regex_match(name, kOurs);
}

std::vector<fs::path> Anchors(const Surroundings& surroundings) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(surroundings.anchor_folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (IsOurs(name)) files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

Error ProgramFailed(const fs::path& program, const std::string& why) {
  return Fail(ErrorCode::kInternal, "trust.update", program.string() + " " + why);
}

// Without a shell; what it prints goes to stderr, since it is no data of ours.
enum class Reading : uint8_t { kWhatCame, kAllAnew };
Status ReadInAnchors(const fs::path& program, Reading reading) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  std::string name = program.string(), path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  // Links to files that are gone are left by all but this.
  std::string fresh = "--fresh";
  char* const arguments[] = {name.data(), reading == Reading::kAllAnew ? fresh.data() : nullptr,
                             nullptr};
  char* const environment[] = {path.data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, name.c_str(), &actions, nullptr, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ProgramFailed(program, std::strerror(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Ok();
  return ProgramFailed(program, WIFEXITED(status)
                                    ? "ended with status " + std::to_string(WEXITSTATUS(status))
                                    : "was killed");
}

Status Install(const Invocation& invocation, const std::vector<client::CertificateFacts>& roots) {
  const Surroundings& surroundings = invocation.surroundings;
  for (const auto& root : roots) {
    const fs::path file = AnchorOf(root, surroundings);
    const std::string pem = x509::ToPem("CERTIFICATE", root.der);
    TRY(client::WriteFileAtomically(file, AsBytes(pem), client::kPublicMode,
                                    client::Existing::kReplace));
  }
  TRY(ReadInAnchors(surroundings.anchor_program, Reading::kWhatCame));
  for (const auto& root : roots) {
    Note(invocation, "Trusted here from now on: " + root.subject + " (" +
                         AnchorOf(root, surroundings).string() + ")");
  }
  return Ok();
}

Status Uninstall(const Surroundings& surroundings, const std::vector<fs::path>& files) {
  for (const fs::path& file : files) {
    std::error_code error;
    fs::remove(file, error);
    if (error) {
      return Fail(ErrorCode::kInvalidArgument, "file.remove",
                  "cannot delete " + file.string() + ": " + error.message());
    }
  }
  return ReadInAnchors(surroundings.anchor_program, Reading::kAllAnew);
}

}  // namespace

ExitCode TrustShow(const Invocation& invocation) {
  const auto bundle = AskForBundle(invocation);
  if (!bundle) return Report(invocation, "cannot get the roots", bundle.error());
  const std::string pem = BundlePem(*bundle);
  // What somebody who has nothing yet compares: mayfly bootstrap --fingerprint.
  for (const std::string& der : bundle->root_certificates_der()) {
    invocation.console.err << "Root SHA-256: " << ToHex(x509::Sha256(AsBytes(der))) << "\n";
  }
  Print(invocation,
        {.table = pem, .document = ToJson(*bundle), .names = {bundle->name()}, .pem = pem});
  return ExitCode::kOk;
}

ExitCode TrustInstall(const Invocation& invocation, const TrustOptions& options) {
  constexpr std::string_view kWhat = "nothing was installed";
  if (const auto place = CheckPlace(invocation.surroundings); !place) {
    return Report(invocation, kWhat, place.error());
  }
  const auto roots = Roots(invocation, options.file);
  if (!roots) return Report(invocation, kWhat, roots.error());
  if (const auto good = CheckRoots(*roots); !good) return Report(invocation, kWhat, good.error());
  const auto installed = Install(invocation, *roots);
  if (!installed) return Report(invocation, "the roots were not all read in", installed.error());
  return ExitCode::kOk;
}

ExitCode TrustUninstall(const Invocation& invocation, const TrustOptions& options) {
  constexpr std::string_view kWhat = "nothing was uninstalled";
  const auto files = Anchors(invocation.surroundings);
  if (files.empty()) {
    Note(invocation, "This machine trusts no root that mayfly installed.");
    return ExitCode::kOk;
  }
  if (const auto place = CheckPlace(invocation.surroundings); !place) {
    return Report(invocation, kWhat, place.error());
  }
  std::string shown;
  for (const fs::path& file : files) shown += (shown.empty() ? "" : ", ") + file.string();
  if (!options.yes) {
    if (const auto end = Confirm(invocation, "Trust no longer: " + shown + "?", kWhat)) return *end;
  }
  const auto done = Uninstall(invocation.surroundings, files);
  if (!done) return Report(invocation, "not all was uninstalled", done.error());
  Note(invocation, "No longer trusted here: " + shown);
  return ExitCode::kOk;
}

}  // namespace mayfly::cli
