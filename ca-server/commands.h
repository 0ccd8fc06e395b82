// What mayfly-ca can be told to do. Each wires what it needs from the configuration, runs, and
// gives what went wrong.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace mayfly {

// Every mistake of the configuration and of the policy file that it names.
Status CheckConfig(const std::filesystem::path& file);

struct OwnerOptions {      // the role that owns the schema
  std::string connection;  // libpq keywords, appended to the configured ones
};
Status Migrate(const config::Config& config, const OwnerOptions& options);

// As the schema's owner, like Migrate.
Status InitCa(const config::Config& config, const OwnerOptions& options);
Status ApplyPolicy(const config::Config& config);

// Places of keys that signed wrongly or hold another key, and their return.
Status ListQuarantined(const config::Config& config);
Status ClearQuarantined(const config::Config& config, const std::string& uri);

struct ExportOptions {
  std::filesystem::path root_file, chain_file;  // empty: not written
};
Status ExportCa(const config::Config& config, const ExportOptions& options);

struct IssueLocalOptions {
  std::string profile;
  std::vector<std::string> names;
  std::filesystem::path certificate_file, key_file;
  std::string lifetime;  // empty: the profile's default
  bool if_lapsing = false;
};
Status IssueLocal(const config::Config& config, const IssueLocalOptions& options);

Status Serve(const config::Config& config);

}  // namespace mayfly
