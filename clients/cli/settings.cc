#include "clients/cli/settings.h"

#include <cstdlib>
#include <utility>

#include "config/strict_toml.h"

namespace mayfly::cli {
namespace {

constexpr char kFileHere[] = ".mayfly/client.toml";
constexpr char kFileAtHome[] = ".config/mayfly/client.toml";

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct FileSettings {
  std::string server;
  std::filesystem::path trust, certificate, private_key;
};

std::filesystem::path Beside(const std::filesystem::path& file, const std::string& path) {
  if (path.empty()) return {};
  return file.parent_path() / path;  // an absolute path replaces it
}

Result<FileSettings> ReadSettings(const std::filesystem::path& file) {
  TRY_ASSIGN(config::Document document, config::Document::Load(file));
  config::Section root = document.root();
  FileSettings settings;
  settings.server = root.StringOr("server", "");
  settings.trust = Beside(file, root.StringOr("trust", ""));
  settings.certificate = Beside(file, root.StringOr("certificate", ""));
  settings.private_key = Beside(file, root.StringOr("private_key", ""));
  TRY(document.Finish());
  return settings;
}

Status CheckComplete(const client::ClientConfig& config,
                     const std::optional<std::filesystem::path>& file) {
  std::vector<Violation> missing;
  const auto require = [&](bool there, const char* option, const char* key) {
    if (there) return;
    missing.push_back({"cli.settings", option,
                       std::string("give it, or set ") + key + " in the configuration file"});
  };
  require(!config.server.empty(), "--server", "server");
  require(!config.trust.empty(), "--trust", "trust");
  require(!config.certificate.empty(), "--cert", "certificate");
  require(!config.private_key.empty(), "--key", "private_key");
  if (missing.empty()) return Ok();
  Error error = Fail(ErrorCode::kInvalidArgument, "cli.settings",
                     file ? "settings are missing, also from " + file->string()
                          : std::string("settings are missing, and there is no ") + kFileHere +
                                " here or above, nor ~/" + kFileAtHome);
  error.violations = std::move(missing);
  return error;
}

Status SetTimeout(const std::string& text, client::RetryPolicy& retry) {
  if (text.empty()) return Ok();
  const auto timeout = config::ParseDuration(text);
  if (!timeout || *timeout < Seconds(1) || *timeout > kTimeoutMax) {
    return Fail(ErrorCode::kInvalidArgument, "cli.timeout",
                "--timeout is from 1s to 10m, e.g. 30s");
  }
  retry.overall = *timeout;
  return Ok();
}

}  // namespace

Surroundings RealSurroundings() {
  std::error_code ignored;
  return {.working_folder = std::filesystem::current_path(ignored),
          .home = Variable("HOME"),
          .config_from_variable = Variable("MAYFLY_CONFIG")};
}

std::optional<std::filesystem::path> FindConfigFile(const GlobalOptions& options,
                                                    const Surroundings& surroundings) {
  if (!options.config_file.empty()) return options.config_file;
  if (!surroundings.config_from_variable.empty()) return surroundings.config_from_variable;
  std::error_code ignored;
  for (std::filesystem::path folder = surroundings.working_folder; !folder.empty();
       folder = folder.parent_path()) {
    if (std::filesystem::exists(folder / kFileHere, ignored)) return folder / kFileHere;
    if (folder == folder.root_path()) break;
  }
  if (!surroundings.home.empty() &&
      std::filesystem::exists(surroundings.home / kFileAtHome, ignored)) {
    return surroundings.home / kFileAtHome;
  }
  return std::nullopt;
}

Result<client::ClientConfig> ResolveSettings(const GlobalOptions& options,
                                             const Surroundings& surroundings) {
  const auto file = FindConfigFile(options, surroundings);
  FileSettings settings;
  if (file) {
    TRY_ASSIGN(settings, ReadSettings(*file));
  }
  const auto choose = [](const std::string& option, const std::filesystem::path& otherwise) {
    return option.empty() ? otherwise : std::filesystem::path(option);
  };
  client::ClientConfig config{
      .server = options.server.empty() ? settings.server : options.server,
      .trust = choose(options.trust, settings.trust),
      .certificate = choose(options.certificate, settings.certificate),
      .private_key = choose(options.private_key, settings.private_key),
  };
  TRY(SetTimeout(options.timeout, config.retry));
  TRY(CheckComplete(config, file));
  return config;
}

}  // namespace mayfly::cli
