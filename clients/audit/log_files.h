// The log's files, read and checked against its checkpoint.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "clients/audit/entry.h"
#include "clients/audit/signed_head.h"

namespace mayfly::audit_reader {

struct LoggedEntry {
  EntryHeader header;
  Hash256 leaf{};
};

struct Finding {
  std::string rule;
  std::string text;
  friend bool operator==(const Finding&, const Finding&) = default;
};

struct ReadLog {
  std::vector<LoggedEntry> entries;   // all that the head covers and that could be read
  std::map<uint64_t, Hash256> roots;  // of the first so many entries, for the sizes asked for
  std::vector<Finding> findings;      // files that are missing, damaged, or not those of the head
};

// Reads the bundles and tiles of a log of this head. `sizes`: whose roots are wanted.
ReadLog ReadLogFiles(const std::filesystem::path& folder, const SignedHead& head,
                     const std::vector<uint64_t>& sizes);

// "023", "x001/x234/067", "x001/x234/067.p/5": C2SP tlog-tiles. Width 256: a full one.
std::string TileName(uint64_t index, uint64_t width);

}  // namespace mayfly::audit_reader
