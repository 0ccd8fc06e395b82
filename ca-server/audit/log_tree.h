// The audit log's tree as it grows: what is appended goes to the storage as tiles and entry
// bundles. A value: grow a copy, and keep the copy once its checkpoint is out.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ports/log_storage.h"
#include "tlog/entry_bundle.h"
#include "tlog/log_entry.h"
#include "tlog/tile_builder.h"

namespace mayfly::audit {

class LogTree {
 public:
  LogTree() = default;  // of the empty log
  // As the storage has it. Errors: those of the storage, and kInternal "audit.storage-damaged"
  // (the files are not those of this tree).
  static Result<LogTree> Resume(LogStorage& storage, const tlog::TreeHead& head);

  // Full tiles and bundles are written at once: nobody reads them before a checkpoint covers them.
  // Errors: those of EncodeLogEntry (kInternal) and of the storage; the tree is then of no use.
  Status Append(LogStorage& storage, const std::vector<tlog::LogEntry>& entries);

  // The partial ones too: all that the tree has is in the storage.
  Status Flush(LogStorage& storage);

  // Partial files that full ones replace, of checkpoints before this tree's.
  void ForgetPartials(LogStorage& storage);

  tlog::TreeHead Head() const { return tiles_.Head(); }
  uint64_t size() const { return bundles_.size(); }

 private:
  Status WriteTiles(LogStorage& storage, std::vector<tlog::Tile> tiles);
  Status WriteBundles(LogStorage& storage, std::vector<tlog::Bundle> bundles);

  tlog::TileBuilder tiles_;
  tlog::BundleBuilder bundles_;
  // Written by Flush: a later append may replace them.
  std::map<std::pair<uint8_t, uint64_t>, tlog::Tile> partial_tiles_;
  std::optional<tlog::Bundle> partial_bundle_;
  std::set<std::string> replaced_;  // folders of partial files
};

}  // namespace mayfly::audit
