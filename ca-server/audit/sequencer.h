// The sequencer: closes a tick, appends what is in the closed ones to the log, and publishes a
// signed checkpoint outside of the database. docs/adr/0007-audit.md says why it is safe on every
// replica, whenever it dies.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "audit/log_tree.h"
#include "ports/audit_log.h"
#include "ports/log_storage.h"
#include "signing/signing_key.h"
#include "tlog/checkpoint.h"

namespace mayfly::audit {

constexpr char kCheckpointFile[] = "checkpoint";
// The verifier key of its signatures, for auditors to compare with the one they were given.
constexpr char kVerifierKeyFile[] = "verifier-key";

struct SequencerParts {
  AuditLog& log;
  LogStorage& storage;
  signing::SigningKey& key;
  const Clock& clock;
  std::string origin;  // also the key's name
  // Once, before anything is published.
  std::function<void(const Hash256& key)> key_found{};
};

// What was issued, as its entry names it.
struct LoggedCertificate {
  std::string issuer;
  x509::SerialNumber serial;
  friend auto operator<=>(const LoggedCertificate&, const LoggedCertificate&) = default;
};
constexpr size_t kRecentMax = 65536;

struct PublishedCheckpoint {
  tlog::TreeHead tree;
  std::string note;  // signed
};

// For one thread.
class Sequencer {
 public:
  explicit Sequencer(SequencerParts parts) : parts_(std::move(parts)) {}

  // On return the published checkpoint covers all that was committed before the call. After an
  // error call again: nothing is lost, and nothing different is ever signed. Errors: those of the
  // ports; kInternal "audit.ledger-lost" (the log has what the database has not),
  // "audit.inconsistent" (the database's rows are not those that were logged), "audit.split-view",
  // "audit.checkpoint" (the published one is not this log's, or not signed by its key),
  // "audit.storage-damaged".
  Result<PublishedCheckpoint> Round();

  // The index of one of the last kRecentMax certificates that this process appended.
  std::optional<uint64_t> RecentIndexOf(const LoggedCertificate& certificate) const;

 private:
  Status FindKey();
  Status Resume();
  Result<LogTree> TreeOf(const tlog::TreeHead& published);
  Status CatchUp(LogTree& tree, const LogPosition& committed);
  Status Grow(LogTree& tree, TickRange ticks);
  void Remember(const tlog::LogEntry& entry, uint64_t index);
  Status Publish(LogTree tree, uint64_t tick);
  Result<std::string> SignedCheckpoint(const tlog::TreeHead& head) const;

  const SequencerParts parts_;
  std::optional<tlog::NoteKey> key_;
  PublishedCheckpoint published_{{0, tlog::EmptyRoot()}, ""};  // note: empty, there is none
  LogTree tree_;                                               // of published_
  uint64_t tick_ = 0;                                          // the last one in tree_
  std::map<LoggedCertificate, uint64_t> recent_;
  std::deque<LoggedCertificate> recent_order_;  // the oldest first
};

}  // namespace mayfly::audit
