// What mayfly-ca can be told to do. Each wires what it needs from the configuration, runs, and
// gives what went wrong.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace mayfly {

Status CheckConfig(const config::Config& config);  // the policy file too

struct OwnerOptions {      // the role that owns the schema
  std::string connection;  // libpq keywords, appended to the configured ones
};
Status Migrate(const config::Config& config, const OwnerOptions& options);

// As the schema's owner, like Migrate.
Status InitCa(const config::Config& config, const OwnerOptions& options);
Status ApplyPolicy(const config::Config& config);

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
