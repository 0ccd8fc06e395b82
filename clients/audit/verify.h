// Verifies an audit log without the CA: its files against its signed checkpoint, older checkpoints
// that somebody kept against the same tree, and a dump of the database against the log.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "clients/audit/log_files.h"

namespace mayfly::audit_reader {

constexpr size_t kFindingsMax = 100;  // kept of each; all are counted

struct KeptCheckpoint {
  std::string file;  // its name, for errors
  std::string note;  // signed
};

struct VerifyRequest {
  std::filesystem::path folder;               // the log
  std::string verifier_key;                   // NAME+ID+KEY
  std::optional<std::filesystem::path> dump;  // pg_dump's plain format, made after the checkpoint
  std::vector<KeptCheckpoint> kept_checkpoints;
  int64_t now = 0;  // microseconds since 1970: what has expired by then
};

struct VerifyReport {
  SignedHead head;
  uint64_t entries = 0;   // of the log that were read
  uint64_t compared = 0;  // of them, with a row of the dump
  uint64_t dropped = 0;   // of them, whose partition is gone from the database, expired
  uint64_t later = 0;     // rows written after the log's last entry
  uint64_t intents = 0;   // records that nothing was decided about: not in the log
  uint64_t finding_count = 0;
  std::vector<Finding> findings;  // the first kFindingsMax
};

// What was altered is a finding. Errors are what stands in the way of looking: kInvalidArgument
// "audit.checkpoint" (missing, not signed by the key), "audit.verifier-key", "audit.dump".
Result<VerifyReport> VerifyLog(const VerifyRequest& request);

}  // namespace mayfly::audit_reader
