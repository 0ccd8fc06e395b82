#include "audit/sequencer.h"

#include "base/failpoint.h"
#include "x509/signature.h"

namespace mayfly::audit {
namespace {

constexpr Seconds kSignerTimeMax{5};

Error LedgerLost(uint64_t size) {
  return Fail(ErrorCode::kInternal, "audit.ledger-lost",
              "the audit log has " + std::to_string(size) +
                  " entries, and the database does not know of them: it is an older copy, or was "
                  "altered");
}

Error Inconsistent(uint64_t size) {
  return Fail(ErrorCode::kInternal, "audit.inconsistent",
              "the database's rows are not those that the audit log of " + std::to_string(size) +
                  " entries was made of");
}

Error BadCheckpoint(const Error& error) {
  return FailWithDetail(ErrorCode::kInternal, "audit.checkpoint",
                        "the published checkpoint is not one of this log and its key",
                        Describe(error, ErrorText::kForLog));
}

Error Stopped(const char* where) {
  return Fail(ErrorCode::kStoreUnavailable, "audit.failpoint", where);
}

}  // namespace

Result<PublishedCheckpoint> Sequencer::Round() {
  TRY(FindKey());
  TRY_ASSIGN(const auto held, parts_.storage.Hold());
  TRY_ASSIGN(const uint64_t closed, parts_.log.CloseTick());
  if (FAILPOINT("audit.closed")) return Stopped("closed");
  TRY(Resume());
  TRY_ASSIGN(const LogPosition committed, parts_.log.Newest());
  LogTree tree = tree_;
  TRY(CatchUp(tree, committed));
  const uint64_t logged = std::max(tick_, committed.tick);
  if (closed > logged) TRY(Grow(tree, {logged, closed}));
  if (FAILPOINT("audit.grown")) return Stopped("grown");
  // Before it is signed: of this size nothing else will ever be.
  if (tree.size() > committed.tree.size) TRY(parts_.log.Commit({tree.Head(), closed}));
  if (FAILPOINT("audit.committed")) return Stopped("committed");
  TRY(Publish(std::move(tree), std::max(logged, closed)));
  return published_;
}

// Asked once: the log's checkpoints are all signed by one key.
Status Sequencer::FindKey() {
  if (key_) return Ok();
  TRY_ASSIGN(auto spki, SyncWait(parts_.key.PublicKey(parts_.clock.BootNow() + kSignerTimeMax)));
  TRY_ASSIGN(key_, tlog::NoteKey::Make(parts_.origin, std::move(spki)));
  if (parts_.key_found) parts_.key_found(key_->key().hash());
  return Ok();
}

// What is published is what counts: another process may have gone on since.
Status Sequencer::Resume() {
  auto note = parts_.storage.Read(kCheckpointFile);
  if (!note && note.error().code != ErrorCode::kNotFound) return std::move(note).error();
  const std::string text = note ? ToString(*note) : "";
  if (text == published_.note) return Ok();
  PublishedCheckpoint published{{0, tlog::EmptyRoot()}, text};
  LogTree tree;
  uint64_t tick = 0;
  if (note) {
    auto checkpoint = tlog::OpenCheckpoint(text, parts_.origin, {&*key_, 1});
    if (!checkpoint) return BadCheckpoint(checkpoint.error());
    published.tree = checkpoint->tree;
  }
  if (published.tree.size > 0) {
    TRY_ASSIGN(const auto position, parts_.log.At(published.tree.size));
    if (!position) return LedgerLost(published.tree.size);
    if (position->tree != published.tree) return Inconsistent(published.tree.size);
    tick = position->tick;
    TRY_ASSIGN(tree, LogTree::Resume(parts_.storage, published.tree));
  }
  published_ = std::move(published);
  tree_ = std::move(tree);
  tick_ = tick;
  return Ok();
}

// To where another replica, or this one before it died, committed that the log goes.
Status Sequencer::CatchUp(LogTree& tree, const LogPosition& committed) {
  if (committed.tree.size < tree.size()) return LedgerLost(tree.size());
  if (committed.tree.size > tree.size()) TRY(Grow(tree, {tick_, committed.tick}));
  if (tree.Head() != committed.tree) return Inconsistent(committed.tree.size);
  return Ok();
}

Status Sequencer::Grow(LogTree& tree, TickRange ticks) {
  return parts_.log.ReadEntries(ticks, [&](const std::vector<tlog::LogEntry>& entries) {
    uint64_t index = tree.size();
    for (const tlog::LogEntry& entry : entries) Remember(entry, index++);
    return tree.Append(parts_.storage, entries);
  });
}

// What is in a closed tick has its place for ever, whatever becomes of this round.
void Sequencer::Remember(const tlog::LogEntry& entry, uint64_t index) {
  const auto* issued = std::get_if<tlog::IssuedCertificate>(&entry.body);
  if (!issued) return;
  LoggedCertificate certificate{issued->record.issuer, issued->record.serial};
  if (!recent_.insert_or_assign(certificate, index).second) return;
  recent_order_.push_back(std::move(certificate));
  if (recent_order_.size() <= kRecentMax) return;
  recent_.erase(recent_order_.front());
  recent_order_.pop_front();
}

std::optional<uint64_t> Sequencer::RecentIndexOf(const LoggedCertificate& certificate) const {
  const auto found = recent_.find(certificate);
  return found == recent_.end() ? std::nullopt : std::optional(found->second);
}

// The checkpoint last, and written again also where nothing is new: that it can be is what the
// release gate goes by.
Status Sequencer::Publish(LogTree tree, uint64_t tick) {
  TRY(tree.Flush(parts_.storage));
  if (FAILPOINT("audit.flushed")) return Stopped("flushed");
  PublishedCheckpoint next{tree.Head(), published_.note};
  if (published_.note.empty() || next.tree != published_.tree) {
    TRY_ASSIGN(next.note, SignedCheckpoint(next.tree));
  }
  if (published_.note.empty()) {
    TRY(parts_.storage.Write(kVerifierKeyFile, AsBytes(key_->ToString() + "\n")));
  }
  if (FAILPOINT("audit.signed")) return Stopped("signed");
  TRY(parts_.storage.Write(kCheckpointFile, AsBytes(next.note)));
  if (FAILPOINT("audit.published")) return Stopped("published");
  tree.ForgetPartials(parts_.storage);
  published_ = std::move(next);
  tree_ = std::move(tree);
  tick_ = tick;
  return Ok();
}

Result<std::string> Sequencer::SignedCheckpoint(const tlog::TreeHead& head) const {
  TRY_ASSIGN(const std::string text, tlog::WriteCheckpoint({parts_.origin, head}));
  TRY_ASSIGN(Bytes signature, SyncWait(parts_.key.Sign(SignPurpose::kAudit, ToBytes(AsBytes(text)),
                                                       parts_.clock.BootNow() + kSignerTimeMax,
                                                       signing::Patience::kEachPlaceOnce)));
  TRY_ASSIGN(std::string note, tlog::AssembleNote({text, {key_->Signature(std::move(signature))}}));
  TRY(tlog::OpenCheckpoint(note, parts_.origin, {&*key_, 1}));
  return note;
}

}  // namespace mayfly::audit
