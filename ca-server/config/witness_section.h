// [[audit.witness]] and [audit.witnesses] of the configuration.
#pragma once

#include <filesystem>

#include "config/config.h"
#include "config/strict_toml.h"

namespace mayfly::config {

// Fills what `audit` says of witnesses; what is wrong is complained of in the sections. `folder` is
// where relative paths begin.
void ReadWitnesses(Section& section, const std::filesystem::path& folder, AuditConfig& audit);

}  // namespace mayfly::config
