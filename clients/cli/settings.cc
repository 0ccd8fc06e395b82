#include "clients/cli/settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <utility>

#include "clients/cli/contexts.h"
#include "config/strict_toml.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kProjectFolder[] = ".mayfly";
constexpr const char* kVariables[] = {"MAYFLY_SERVER",     "MAYFLY_TRUST",
                                      "MAYFLY_CERT",       "MAYFLY_KEY",
                                      "MAYFLY_TOKEN_FILE", "MAYFLY_ENROLMENT_SERVER",
                                      "MAYFLY_CONTEXT",    "MAYFLY_CONFIG",
                                      "MAYFLY_TIMEOUT",    "MAYFLY_OUTPUT"};
constexpr std::array<SettingNames, kSettings> kNames = {{
    {"server", "--server", "MAYFLY_SERVER"},
    {"trust", "--trust", "MAYFLY_TRUST"},
    {"certificate", "--cert", "MAYFLY_CERT"},
    {"private_key", "--key", "MAYFLY_KEY"},
    {"token_file", "--token-file", "MAYFLY_TOKEN_FILE"},
    {"enrolment_server", "--enrolment-server", "MAYFLY_ENROLMENT_SERVER"},
}};

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path UserFolder() {
  if (const auto folder = FromEnvironment("XDG_CONFIG_HOME"); folder.starts_with('/')) {
    return fs::path(folder) / "mayfly";
  }
  const auto home = FromEnvironment("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".config/mayfly";
}

// An absolute path stays; a server is no path.
std::string Beside(const fs::path& file, Setting setting, const std::string& text) {
  const bool is_path = setting != Setting::kServer && setting != Setting::kEnrolmentServer;
  if (!is_path || text.empty()) return text;
  return (file.parent_path() / text).lexically_normal().string();
}

const std::string& At(const Values& values, Setting setting) {
  return values[static_cast<size_t>(setting)].text;
}

bool HasIdentity(const Values& values) {
  return !At(values, Setting::kTokenFile).empty() ||
         (!At(values, Setting::kCertificate).empty() && !At(values, Setting::kPrivateKey).empty());
}

bool IsComplete(const Values& values) {
  return !At(values, Setting::kServer).empty() && !At(values, Setting::kTrust).empty() &&
         HasIdentity(values);
}

// What a place says, where none before it did. Servers and who calls are each of one place, so that
// no token goes to another CA's server, and no certificate outranks the token of a nearer place.
Status Fill(Values& values, const SettingTexts& texts,
            const std::function<std::string(size_t)>& origin_of) {
  const bool had_server = !At(values, Setting::kServer).empty();
  const bool had_token = !At(values, Setting::kTokenFile).empty();
  const bool had_pair =
      !At(values, Setting::kCertificate).empty() || !At(values, Setting::kPrivateKey).empty();
  const bool has_pair =
      !At(texts, Setting::kCertificate).empty() || !At(texts, Setting::kPrivateKey).empty();
  if (!had_token && !had_pair && has_pair && !At(texts, Setting::kTokenFile).empty()) {
    return Fail(ErrorCode::kInvalidArgument, "cli.two-identities",
                origin_of(static_cast<size_t>(Setting::kTokenFile)) +
                    " is there beside a certificate or key; say who you are in one way");
  }
  for (size_t i = 0; i < kSettings; ++i) {
    const auto setting = static_cast<Setting>(i);
    const bool is_pair = setting == Setting::kCertificate || setting == Setting::kPrivateKey;
    if (!values[i].text.empty() || texts[i].empty() || (is_pair && had_token) ||
        (setting == Setting::kTokenFile && had_pair) ||
        (setting == Setting::kEnrolmentServer && had_server)) {
      continue;
    }
    values[i] = {texts[i], origin_of(i)};
  }
  return Ok();
}

Status FillFromOptions(Values& values, const GlobalOptions& options) {
  return Fill(values,
              {options.server, options.trust, options.certificate, options.private_key,
               options.token_file, options.enrolment_server},
              [](size_t i) { return std::string(kNames[i].option); });
}

Status FillFromEnvironment(Values& values, const Surroundings& surroundings) {
  SettingTexts texts;
  for (size_t i = 0; i < kSettings; ++i) texts[i] = surroundings.Variable(kNames[i].variable);
  return Fill(values, texts, [](size_t i) { return std::string(kNames[i].variable); });
}

Status FillFromFile(Values& values, const SettingTexts& texts, const fs::path& file) {
  return Fill(values, texts, [&file](size_t) { return file.string(); });
}

Status FillFromContext(Values& values, const std::string& name, const Surroundings& surroundings) {
  if (name.empty() || IsComplete(values)) return Ok();
  TRY_ASSIGN(const NamedContext context, FindContext(name, surroundings));
  return FillFromFile(values, context.settings, context.file);
}

// Stops when nothing is missing, so that a broken file that is not needed is in nobody's way.
Status FillFromFiles(Values& values, const GlobalOptions& options,
                     const Surroundings& surroundings) {
  for (const fs::path& file : SettingsFiles(options, surroundings)) {
    if (IsComplete(values)) break;
    TRY_ASSIGN(const FileSettings settings, ReadSettings(file));
    TRY(FillFromContext(values, settings.context, surroundings));
    TRY(FillFromFile(values, settings.values, file));
  }
  return Ok();
}

Error Incomplete(const Values& values, Caller caller) {
  Error error = Fail(ErrorCode::kInvalidArgument, "cli.settings",
                     "it is not known which CA to ask, or as whom");
  std::vector<Setting> needed = {Setting::kServer, Setting::kTrust};
  if (caller == Caller::kFromSettings && !HasIdentity(values)) {
    needed.insert(needed.end(), {Setting::kCertificate, Setting::kPrivateKey});
  }
  for (const Setting setting : needed) {
    if (!At(values, setting).empty()) continue;
    const SettingNames& names = NamesOf(setting);
    error.violations.push_back(
        {"", names.key,
         std::string("give ") + names.option + ", set " + names.variable + ", or use a context"});
  }
  return error;
}

// A token is worth what it says to whoever has it: one that is kept elsewhere is not for a server
// that a project names, which may have come with somebody's repository.
Status CheckTokensPlace(const Values& values, const Surroundings& surroundings) {
  const auto project = ProjectFolder(surroundings);
  const Value& token = values[static_cast<size_t>(Setting::kTokenFile)];
  if (token.text.empty() || !project) return Ok();
  const std::string project_file = (*project / kSettingsFile).string();
  for (const Setting setting : {Setting::kServer, Setting::kEnrolmentServer, Setting::kTrust}) {
    const Value& place = values[static_cast<size_t>(setting)];
    if (place.text.empty() || place.origin != project_file || token.origin == project_file)
      continue;
    return Fail(ErrorCode::kInvalidArgument, "cli.token-place",
                "the token of " + token.origin + " is not sent where " + project_file +
                    " says; say " + NamesOf(setting).option + " " + Escape(place.text, 200) +
                    " if you mean it");
  }
  return Ok();
}

bool HasPort(const std::string& server) {
  return server.find(':', server.starts_with('[') ? server.find(']') : 0) != std::string::npos;
}

}  // namespace

std::string Surroundings::Variable(std::string_view name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

Surroundings RealSurroundings() {
  std::error_code ignored;
  Surroundings surroundings{.working_folder = fs::current_path(ignored),
                            .user_folder = UserFolder(),
                            .system_folder = "/etc/mayfly",
                            .anchor_folder = "/usr/local/share/ca-certificates",
                            .anchor_program = "/usr/sbin/update-ca-certificates",
                            .variables = {}};
  for (const char* name : kVariables) {
    if (auto value = FromEnvironment(name); !value.empty()) {
      surroundings.variables.emplace(name, std::move(value));
    }
  }
  return surroundings;
}

const SettingNames& NamesOf(Setting setting) { return kNames[static_cast<size_t>(setting)]; }

Result<FileSettings> ReadSettings(const fs::path& file) {
  TRY_ASSIGN(config::Document document, config::Document::Load(file));
  config::Section root = document.root();
  FileSettings settings;
  settings.context = root.StringOr("context", "");
  for (size_t i = 0; i < kSettings; ++i) {
    settings.values[i] = Beside(file, static_cast<Setting>(i), root.StringOr(kNames[i].key, ""));
  }
  TRY(document.Finish());
  return settings;
}

// It says which server is believed and asked as whom, so nobody else may have written it.
bool IsOwn(const fs::path& file) {
  struct stat folder{}, info{};
  const auto is_own = [](const struct stat& of) {
    return (of.st_uid == geteuid() || of.st_uid == 0) && (of.st_mode & S_IWOTH) == 0;
  };
  return stat(file.parent_path().c_str(), &folder) == 0 && is_own(folder) &&
         (stat(file.c_str(), &info) != 0 || is_own(info));
}

std::optional<fs::path> ProjectFolder(const Surroundings& surroundings) {
  std::error_code ignored;
  for (fs::path folder = surroundings.working_folder; !folder.empty();
       folder = folder.parent_path()) {
    const fs::path project = folder / kProjectFolder;
    if (fs::is_directory(project, ignored) && IsOwn(project / kSettingsFile)) return project;
    if (folder == folder.root_path()) break;
  }
  return std::nullopt;
}

std::vector<fs::path> SettingsFiles(const GlobalOptions& options,
                                    const Surroundings& surroundings) {
  if (!options.config_file.empty()) return {options.config_file};
  if (auto file = surroundings.Variable("MAYFLY_CONFIG"); !file.empty()) return {file};
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const fs::path& folder : {ProjectFolder(surroundings).value_or(fs::path()),
                                 surroundings.user_folder, surroundings.system_folder}) {
    if (!folder.empty() && fs::exists(folder / kSettingsFile, ignored)) {
      files.push_back(folder / kSettingsFile);
    }
  }
  return files;
}

Result<Values> FindSettings(const GlobalOptions& options, const Surroundings& surroundings) {
  Values values;
  TRY(FillFromOptions(values, options));
  TRY(FillFromContext(values, options.context, surroundings));
  TRY(FillFromEnvironment(values, surroundings));
  TRY(FillFromContext(values, surroundings.Variable("MAYFLY_CONTEXT"), surroundings));
  TRY(FillFromFiles(values, options, surroundings));
  return values;
}

Result<std::optional<std::string>> CurrentContext(const GlobalOptions& options,
                                                  const Surroundings& surroundings) {
  if (!options.context.empty()) return std::optional(options.context);
  if (auto name = surroundings.Variable("MAYFLY_CONTEXT"); !name.empty()) {
    return std::optional(std::move(name));
  }
  for (const fs::path& file : SettingsFiles(options, surroundings)) {
    TRY_ASSIGN(FileSettings settings, ReadSettings(file));
    if (!settings.context.empty()) return std::optional(std::move(settings.context));
    // A server of the file's own outranks the contexts of the files after it.
    if (!settings.values[static_cast<size_t>(Setting::kServer)].empty()) break;
  }
  return std::optional<std::string>();
}

Result<std::optional<Seconds>> FindTimeout(const GlobalOptions& options,
                                           const Surroundings& surroundings) {
  const bool given = !options.timeout.empty();
  const std::string text = given ? options.timeout : surroundings.Variable("MAYFLY_TIMEOUT");
  if (text.empty()) return std::optional<Seconds>();
  const auto timeout = config::ParseDuration(text);
  if (timeout && *timeout >= kTimeoutMin && *timeout <= kTimeoutMax) return std::optional(*timeout);
  return Fail(ErrorCode::kInvalidArgument, "cli.timeout",
              std::string(given ? "--timeout" : "MAYFLY_TIMEOUT") + " is \"" + Escape(text, 40) +
                  "\", and goes from 1s to 10m, e.g. 30s");
}

Result<client::ClientConfig> ResolveSettings(const GlobalOptions& options,
                                             const Surroundings& surroundings, Caller caller) {
  TRY_ASSIGN(const auto timeout, FindTimeout(options, surroundings));
  TRY_ASSIGN(const Values values, FindSettings(options, surroundings));
  if (caller == Caller::kFromSettings) TRY(CheckTokensPlace(values, surroundings));
  const bool complete = caller == Caller::kNobody ? !At(values, Setting::kServer).empty() &&
                                                        !At(values, Setting::kTrust).empty()
                                                  : IsComplete(values);
  if (!complete) return Incomplete(values, caller);
  client::ClientConfig config{.server = At(values, Setting::kServer),
                              .trust = At(values, Setting::kTrust)};
  const bool is_nobody = caller == Caller::kNobody;
  if (is_nobody || !At(values, Setting::kTokenFile).empty()) {
    TRY_ASSIGN(config.server,
               EnrolmentServerOf(At(values, Setting::kEnrolmentServer), config.server));
    if (!is_nobody) config.token_file = At(values, Setting::kTokenFile);
  } else {
    config.certificate = At(values, Setting::kCertificate);
    config.private_key = At(values, Setting::kPrivateKey);
  }
  if (timeout) config.retry.overall = *timeout;
  return config;
}

Result<std::string> EnrolmentServerOf(const std::string& enrolment_server,
                                      const std::string& server) {
  if (!enrolment_server.empty()) {
    return client::NormalizeServer(enrolment_server, client::kEnrolmentPortDefault);
  }
  if (!HasPort(server)) return client::NormalizeServer(server, client::kEnrolmentPortDefault);
  return Fail(ErrorCode::kInvalidArgument, "cli.enrolment-server",
              "on which port does " + Escape(server) + " take callers without a certificate?");
}

}  // namespace mayfly::cli
