#include "clients/cli/settings.h"

#include <cstdlib>
#include <utility>

#include "clients/cli/contexts.h"
#include "config/strict_toml.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kProjectFolder[] = ".mayfly";
constexpr const char* kVariables[] = {"MAYFLY_SERVER",  "MAYFLY_TRUST",   "MAYFLY_CERT",
                                      "MAYFLY_KEY",     "MAYFLY_CONTEXT", "MAYFLY_CONFIG",
                                      "MAYFLY_TIMEOUT", "MAYFLY_OUTPUT"};
constexpr std::array<SettingNames, kSettings> kNames = {{
    {"server", "--server", "MAYFLY_SERVER"},
    {"trust", "--trust", "MAYFLY_TRUST"},
    {"certificate", "--cert", "MAYFLY_CERT"},
    {"private_key", "--key", "MAYFLY_KEY"},
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

// An absolute path stays; the server is no path.
std::string Beside(const fs::path& file, Setting setting, const std::string& text) {
  if (setting == Setting::kServer || text.empty()) return text;
  return (file.parent_path() / text).lexically_normal().string();
}

bool IsComplete(const Values& values) {
  for (const Value& value : values) {
    if (value.text.empty()) return false;
  }
  return true;
}

void Fill(Values& values, size_t i, const std::string& text, const std::string& origin) {
  if (values[i].text.empty() && !text.empty()) values[i] = {text, origin};
}

void FillFromOptions(Values& values, const GlobalOptions& options) {
  const std::array<const std::string*, kSettings> given = {
      &options.server, &options.trust, &options.certificate, &options.private_key};
  for (size_t i = 0; i < kSettings; ++i) Fill(values, i, *given[i], kNames[i].option);
}

void FillFromEnvironment(Values& values, const Surroundings& surroundings) {
  for (size_t i = 0; i < kSettings; ++i) {
    Fill(values, i, surroundings.Variable(kNames[i].variable), kNames[i].variable);
  }
}

Status FillFromContext(Values& values, const std::string& name, const Surroundings& surroundings) {
  if (name.empty() || IsComplete(values)) return Ok();
  TRY_ASSIGN(const NamedContext context, FindContext(name, surroundings));
  for (size_t i = 0; i < kSettings; ++i) {
    Fill(values, i, context.settings[i], context.file.string());
  }
  return Ok();
}

// Stops when nothing is missing, so that a broken file that is not needed is in nobody's way.
Status FillFromFiles(Values& values, const GlobalOptions& options,
                     const Surroundings& surroundings) {
  for (const fs::path& file : SettingsFiles(options, surroundings)) {
    if (IsComplete(values)) break;
    TRY_ASSIGN(const FileSettings settings, ReadSettings(file));
    TRY(FillFromContext(values, settings.context, surroundings));
    for (size_t i = 0; i < kSettings; ++i) Fill(values, i, settings.values[i], file.string());
  }
  return Ok();
}

Error Incomplete(const Values& values) {
  Error error = Fail(ErrorCode::kInvalidArgument, "cli.settings",
                     "it is not known which CA to ask, or as whom");
  for (size_t i = 0; i < kSettings; ++i) {
    if (!values[i].text.empty()) continue;
    error.violations.push_back({"", kNames[i].key,
                                std::string("give ") + kNames[i].option + ", set " +
                                    kNames[i].variable + ", or use a context"});
  }
  return error;
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

std::optional<fs::path> ProjectFolder(const Surroundings& surroundings) {
  std::error_code ignored;
  for (fs::path folder = surroundings.working_folder; !folder.empty();
       folder = folder.parent_path()) {
    if (fs::is_directory(folder / kProjectFolder, ignored)) return folder / kProjectFolder;
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
  FillFromOptions(values, options);
  TRY(FillFromContext(values, options.context, surroundings));
  FillFromEnvironment(values, surroundings);
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
                                             const Surroundings& surroundings) {
  TRY_ASSIGN(const auto timeout, FindTimeout(options, surroundings));
  TRY_ASSIGN(const Values values, FindSettings(options, surroundings));
  if (!IsComplete(values)) return Incomplete(values);
  const auto text = [&](Setting setting) { return values[static_cast<size_t>(setting)].text; };
  client::ClientConfig config{.server = text(Setting::kServer),
                              .trust = text(Setting::kTrust),
                              .certificate = text(Setting::kCertificate),
                              .private_key = text(Setting::kPrivateKey)};
  if (timeout) config.retry.overall = *timeout;
  return config;
}

}  // namespace mayfly::cli
