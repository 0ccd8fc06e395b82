// Lists of names in the configuration, like ["DNS:localhost", "IP:127.0.0.1"].
#pragma once

#include <string_view>

#include "config/strict_toml.h"
#include "x509/general_name.h"

namespace mayfly::config {

// Those at `key`, at least one; what is wrong is complained of.
x509::GeneralNames ReadNames(Section& section, std::string_view key);

}  // namespace mayfly::config
