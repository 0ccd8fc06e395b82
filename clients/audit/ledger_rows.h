// The ledger's rows of a dump as the entries that they were logged as.
#pragma once

#include <filesystem>
#include <vector>

#include "clients/audit/dump.h"
#include "clients/audit/log_files.h"

namespace mayfly::audit_reader {

struct DerivedEntry {
  uint64_t tick = 0;
  uint64_t issuer_id = 0;  // decides after the serial number
  Subject subject;
  Hash256 leaf{};
};

struct LedgerRows {
  std::vector<DerivedEntry> entries;  // in the log's order
  std::vector<SerialRange> partitions;
  // The schema, and rows that are there twice, without what they belong to, or of a tick to come.
  std::vector<Finding> findings;
  uint64_t intents = 0;  // records that nothing was decided about
  // Has a serial number a partition that it would be in?
  bool HasPartitionFor(const Bytes& serial) const;
};

// Reads the dump twice: outcomes first, then the records that they decide. Errors: as ReadDump's.
Result<LedgerRows> ReadLedgerRows(const std::filesystem::path& dump);

}  // namespace mayfly::audit_reader
