// Which server, whom to trust, who calls. Each setting comes from the first place that has it:
//
//   1. an option                        --server, --trust, --cert, --key, --token-file ...
//   2. the context named by --context
//   3. the environment                  MAYFLY_SERVER, MAYFLY_TRUST, MAYFLY_CERT, MAYFLY_KEY ...
//   4. the context named by MAYFLY_CONTEXT
//   5. the project file                 .mayfly/client.toml in this folder or one above
//   6. the user's file                  ~/.config/mayfly/client.toml
//   7. the system's file                /etc/mayfly/client.toml
//
// --config FILE, or MAYFLY_CONFIG, stands in for 5, 6 and 7. A file looks like this; paths are
// relative to it:
//
//   context     = "prod"              # these settings first (contexts.h), then the file's own
//   server      = "ca.internal:7443"
//   trust       = "roots.pem"
//   certificate = "me.crt"
//   private_key = "me.key"
//   # or, instead of both: token_file = "token"
//   enrolment_server = "ca.internal:7444"   # takes tokens, and callers who have nothing yet
//
// What belongs together comes from one place: the two servers, and who calls.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clients/cpp/client.h"

namespace mayfly::cli {

// What the command line said; empty: nothing.
struct GlobalOptions {
  std::string server, trust, certificate, private_key, token_file, enrolment_server;
  std::string context, config_file, timeout, output;
  bool json = false;
};

// Where things may be found.
struct Surroundings {
  std::filesystem::path working_folder;
  std::filesystem::path user_folder;    // ~/.config/mayfly; empty: there is no home
  std::filesystem::path system_folder;  // /etc/mayfly
  // Where this machine keeps the roots that it was told to trust, and what reads them in.
  std::filesystem::path anchor_folder, anchor_program;
  std::map<std::string, std::string, std::less<>> variables;  // MAYFLY_*, those not empty

  std::string Variable(std::string_view name) const;
};
Surroundings RealSurroundings();

// The settings that make a context, in the order in which they are shown.
enum class Setting : uint8_t {
  kServer,
  kTrust,
  kCertificate,
  kPrivateKey,
  kTokenFile,
  kEnrolmentServer,
};
constexpr size_t kSettings = 6;
struct SettingNames {
  const char *key, *option, *variable;
};
const SettingNames& NamesOf(Setting setting);

// What one place says; empty: it does not say.
using SettingTexts = std::array<std::string, kSettings>;
inline const std::string& At(const SettingTexts& texts, Setting setting) {
  return texts[static_cast<size_t>(setting)];
}

struct FileSettings {
  std::string context;
  SettingTexts values;
};
// Errors: kConfiguration "config.*".
Result<FileSettings> ReadSettings(const std::filesystem::path& file);

constexpr char kSettingsFile[] = "client.toml";
// .mayfly in the working folder or the nearest above it that has one; of the user's or root's, and
// written by nobody else.
std::optional<std::filesystem::path> ProjectFolder(const Surroundings& surroundings);
// The settings files that count here, most important first; only those that exist, but for
// --config's and MAYFLY_CONFIG's.
std::vector<std::filesystem::path> SettingsFiles(const GlobalOptions& options,
                                                 const Surroundings& surroundings);

struct Value {
  std::string text;    // empty: nowhere
  std::string origin;  // "--server", "MAYFLY_SERVER", a file's path
};
using Values = std::array<Value, kSettings>;
// Errors: kConfiguration "config.*"; kInvalidArgument "cli.context", "cli.two-identities" (one
// place has a certificate and a token).
Result<Values> FindSettings(const GlobalOptions& options, const Surroundings& surroundings);
// The name of the context that is in use, where one is.
Result<std::optional<std::string>> CurrentContext(const GlobalOptions& options,
                                                  const Surroundings& surroundings);

constexpr Seconds kTimeoutMin{1};
constexpr Seconds kTimeoutMax{600};
// --timeout, else MAYFLY_TIMEOUT. Error: kInvalidArgument "cli.timeout".
Result<std::optional<Seconds>> FindTimeout(const GlobalOptions& options,
                                           const Surroundings& surroundings);

// Who calls: as the settings say, or nobody, whatever they say.
enum class Caller : uint8_t { kFromSettings, kNobody };
// With the server for such a caller: enrolment_server for a token and for nobody. Errors: those of
// FindSettings; kInvalidArgument "cli.settings" with a violation for each setting that is nowhere,
// "cli.enrolment-server", "cli.timeout", "cli.token-place" (kept in another place than the project
// file that names the server).
Result<client::ClientConfig> ResolveSettings(const GlobalOptions& options,
                                             const Surroundings& surroundings,
                                             Caller caller = Caller::kFromSettings);

// `enrolment_server`, else `server` on its usual port. Error: kInvalidArgument
// "cli.enrolment-server": the server's port is another, so that is not known.
Result<std::string> EnrolmentServerOf(const std::string& enrolment_server,
                                      const std::string& server);

}  // namespace mayfly::cli
