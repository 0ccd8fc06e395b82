// The audit log that a verb is about: of the CA, or of a folder with its files.
#pragma once

#include <optional>
#include <string>

#include "clients/cli/invocation.h"
#include "tlog/checkpoint.h"
#include "tlog/log_reader.h"

namespace mayfly::cli {

// What all verbs about the log can be told.
struct LogOptions {
  std::string folder;        // empty: the CA is asked
  std::string verifier_key;  // a key, or a file with it; empty: what the log says itself
};

class AuditLogView {
 public:
  // Errors: those of the client and of files; kInvalidArgument "cli.verifier-key".
  static Result<AuditLogView> Open(const Invocation& invocation, const LogOptions& options);

  // The newest checkpoint, its signature verified. Errors: also those of OpenCheckpoint.
  Result<tlog::Checkpoint> Checkpoint();
  // As it was signed.
  const std::string& note() const { return note_; }
  const std::string& key_text() const { return key_text_; }
  const tlog::FetchFile& fetch() const { return fetch_; }
  tlog::LogReader Reader(const tlog::TreeHead& tree) const { return {tree, fetch_}; }

 private:
  AuditLogView(tlog::FetchFile fetch, std::string key_text, tlog::NoteKey key)
      : fetch_(std::move(fetch)), key_text_(std::move(key_text)), key_(std::move(key)) {}

  tlog::FetchFile fetch_;
  std::string key_text_;
  tlog::NoteKey key_;
  std::string note_;
};

// A key as text, or the first line of the file of that name.
Result<std::string> VerifierKeyText(const std::string& key_or_file);

// An entry for people and for programs.
std::string EntryKind(const tlog::LogEntry& entry);     // "issued", "abandoned", "revoked", "event"
std::string EntrySubject(const tlog::LogEntry& entry);  // a serial number, or the event's kind
std::string EntryPrincipal(const tlog::LogEntry& entry);
Json EntryJson(uint64_t index, const tlog::LogEntry& entry);

}  // namespace mayfly::cli
