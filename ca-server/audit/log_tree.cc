#include "audit/log_tree.h"

#include "tlog/log_reader.h"

namespace mayfly::audit {
namespace {

Error Damaged(const Error& error) {
  return FailWithDetail(ErrorCode::kInternal, "audit.storage-damaged",
                        "the audit log's files are not those of its checkpoint",
                        Describe(error, ErrorText::kForLog));
}

// What is not the storage's failure is the files'.
Error OfStorage(Error error) {
  return error.code == ErrorCode::kStoreUnavailable ? error : Damaged(error);
}

tlog::FetchFile FetchFrom(LogStorage& storage) {
  return [&storage](const std::string& name) { return storage.Read(name); };
}

Result<tlog::TileSet> ReadPartialTiles(LogStorage& storage, uint64_t size) {
  tlog::TileSet tiles;
  for (const tlog::TileId& id : tlog::PartialTiles(size)) {
    TRY_ASSIGN(const Bytes tile, tlog::FetchTile(FetchFrom(storage), id));
    TRY(tiles.Add(id, tile));
  }
  return tiles;
}

// The entries of the partial bundle, which are those whose hashes the tiles have.
Result<Bytes> ReadPartialBundle(LogStorage& storage, const tlog::TileSet& tiles, uint64_t size) {
  const auto id = tlog::PartialBundle(size);
  if (!id) return Bytes();
  TRY_ASSIGN(Bytes bundle, tlog::FetchBundle(FetchFrom(storage), *id));
  TRY_ASSIGN(const auto entries, tlog::ParseBundle(bundle, id->width));
  for (size_t i = 0; i < entries.size(); ++i) {
    TRY_ASSIGN(const Hash256 hash, tiles.Hash({0, id->index * tlog::kTileWidth + i}, size));
    if (tlog::LeafHash(entries[i]) == hash) continue;
    return Fail(ErrorCode::kInvalidArgument, "tlog.bundle",
                id->Path() + " has other entries than the tree");
  }
  return bundle;
}

Result<Bytes> Encode(const tlog::LogEntry& entry) {
  auto encoded = tlog::EncodeLogEntry(entry);
  if (encoded) return encoded;
  return FailWithDetail(ErrorCode::kInternal, "audit.entry",
                        "a row of the ledger cannot be written to the audit log",
                        Describe(encoded.error(), ErrorText::kForLog));
}

}  // namespace

Result<LogTree> LogTree::Resume(LogStorage& storage, const tlog::TreeHead& head) {
  LogTree tree;
  auto tiles = ReadPartialTiles(storage, head.size);
  if (!tiles) return OfStorage(std::move(tiles).error());
  auto builder = tlog::TileBuilder::Resume(head, *tiles);
  if (!builder) return Damaged(builder.error());
  auto bundle = ReadPartialBundle(storage, *tiles, head.size);
  if (!bundle) return OfStorage(std::move(bundle).error());
  TRY_ASSIGN(tree.bundles_, tlog::BundleBuilder::Resume(head.size, *bundle));
  tree.tiles_ = *std::move(builder);
  return tree;
}

Status LogTree::Append(LogStorage& storage, const std::vector<tlog::LogEntry>& entries) {
  std::vector<Bytes> encoded;
  std::vector<Hash256> leaves;
  for (const tlog::LogEntry& entry : entries) {
    TRY_ASSIGN(Bytes octets, Encode(entry));
    leaves.push_back(tlog::LeafHash(octets));
    encoded.push_back(std::move(octets));
  }
  TRY_ASSIGN(auto bundles, bundles_.Append(encoded));
  TRY(WriteBundles(storage, std::move(bundles)));
  return WriteTiles(storage, tiles_.Append(leaves));
}

Status LogTree::WriteBundles(LogStorage& storage, std::vector<tlog::Bundle> bundles) {
  for (tlog::Bundle& bundle : bundles) {
    if (bundle.id.width < tlog::kTileWidth) {
      partial_bundle_ = std::move(bundle);
      continue;
    }
    TRY(storage.Write(bundle.id.Path(), bundle.bytes));
    partial_bundle_.reset();
    replaced_.insert(bundle.id.Path() + ".p");
  }
  return Ok();
}

Status LogTree::WriteTiles(LogStorage& storage, std::vector<tlog::Tile> tiles) {
  for (tlog::Tile& tile : tiles) {
    const std::pair place(tile.id.level, tile.id.index);
    if (tile.id.width < tlog::kTileWidth) {
      partial_tiles_.insert_or_assign(place, std::move(tile));
      continue;
    }
    TRY(storage.Write(tile.id.Path(), tile.bytes));
    partial_tiles_.erase(place);
    replaced_.insert(tile.id.Path() + ".p");
  }
  return Ok();
}

Status LogTree::Flush(LogStorage& storage) {
  if (partial_bundle_) TRY(storage.Write(partial_bundle_->id.Path(), partial_bundle_->bytes));
  for (const auto& [place, tile] : partial_tiles_) {
    TRY(storage.Write(tile.id.Path(), tile.bytes));
  }
  partial_bundle_.reset();
  partial_tiles_.clear();
  return Ok();
}

void LogTree::ForgetPartials(LogStorage& storage) {
  for (const std::string& folder : replaced_) storage.Forget(folder);
  replaced_.clear();
}

}  // namespace mayfly::audit
