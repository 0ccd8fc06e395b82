// Which server, whom to trust, who calls: from the command line, else from a small TOML file.
//
//   server      = "ca.internal:7443"
//   trust       = "roots.pem"         # paths are relative to the file
//   certificate = "me.crt"
//   private_key = "me.key"
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "clients/cpp/client.h"

namespace mayfly::cli {

// What the command line said; empty: nothing.
struct GlobalOptions {
  std::string server, trust, certificate, private_key, config_file;
  std::string timeout;
  bool json = false;
};

// Where a file may be found.
struct Surroundings {
  std::filesystem::path working_folder;
  std::filesystem::path home;        // empty: none
  std::string config_from_variable;  // $MAYFLY_CONFIG; empty: none
};
Surroundings RealSurroundings();

// --config, else $MAYFLY_CONFIG, else .mayfly/client.toml here or in a folder above, else
// ~/.config/mayfly/client.toml; nothing where none of them is there.
std::optional<std::filesystem::path> FindConfigFile(const GlobalOptions& options,
                                                    const Surroundings& surroundings);

constexpr Seconds kTimeoutMax{600};

// Errors: kConfiguration "config.*"; kInvalidArgument "cli.settings" with a violation for each
// setting that is in neither place, "cli.timeout".
Result<client::ClientConfig> ResolveSettings(const GlobalOptions& options,
                                             const Surroundings& surroundings);

}  // namespace mayfly::cli
