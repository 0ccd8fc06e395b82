// [[foreign_ca]] of the configuration.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/strict_toml.h"
#include "x509/name_set.h"

namespace mayfly::config {

constexpr size_t kRootsFileBytesMax = 1 << 20;

// What of the rest of the configuration these sections must agree with.
struct ForeignCaSurroundings {
  std::filesystem::path folder;  // where relative paths begin
  std::string trust_domain;      // ours
  x509::NameSet own_subjects;    // of our CAs
  bool any_mutual_listener;
};

// What is wrong is complained of in the sections; those whose roots cannot be read are left out.
std::vector<ForeignCaConfig> ReadForeignCas(Section& root,
                                            const ForeignCaSurroundings& surroundings);

}  // namespace mayfly::config
