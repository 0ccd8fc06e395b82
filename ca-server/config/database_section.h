// [database] of the configuration.
#pragma once

#include <filesystem>

#include "config/config.h"
#include "config/strict_toml.h"

namespace mayfly::config {

// What is wrong is complained of in the section. `folder` is where relative paths begin.
DatabaseConfig ReadDatabase(Section section, const std::filesystem::path& folder);

}  // namespace mayfly::config
