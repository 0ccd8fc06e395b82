#include "tlog/tile_builder.h"

#include <utility>

namespace mayfly::tlog {
namespace {

constexpr size_t kFullTileBytes = kTileWidth * sizeof(Hash256);

}  // namespace

Result<TileBuilder> TileBuilder::Resume(const TreeHead& tree, const TileSet& tiles) {
  std::vector<Hash256> hashes;
  for (const NodeId& node : EdgeNodes(tree.size)) {
    TRY_ASSIGN(Hash256 hash, tiles.Hash(node, tree.size));
    hashes.push_back(hash);
  }
  TileBuilder builder;
  TRY_ASSIGN(builder.edge_, RightEdge::Resume(tree.size, std::move(hashes)));
  if (builder.Head() != tree) {
    return Fail(ErrorCode::kInvalidArgument, "tlog.root",
                "the tiles are not those of the tree of " + std::to_string(tree.size) + " leaves");
  }
  for (const TileId& tile : PartialTiles(tree.size)) {
    for (uint64_t i = 0; i < tile.width; ++i) {
      const NodeId node{tile.level * kTileHeight, tile.index * kTileWidth + i};
      TRY_ASSIGN(Hash256 hash, tiles.Hash(node, tree.size));
      Bytes& row = builder.rows_[tile.level];
      row.insert(row.end(), hash.begin(), hash.end());
    }
  }
  return builder;
}

std::vector<Tile> TileBuilder::Append(std::span<const Hash256> leaf_hashes) {
  const uint64_t size_before = edge_.size();
  std::vector<Tile> tiles;
  const auto completed = [&](unsigned height, const Hash256& hash) {
    if (height % kTileHeight != 0) return;
    const auto level = static_cast<uint8_t>(height / kTileHeight);
    Bytes& row = rows_[level];
    row.insert(row.end(), hash.begin(), hash.end());
    if (row.size() < kFullTileBytes) return;
    const uint64_t last_leaf = edge_.size() - 1;
    const uint64_t index = (last_leaf >> (kTileHeight * level)) / kTileWidth;
    tiles.push_back({{level, index, kTileWidth}, std::exchange(row, {})});
  };
  for (const Hash256& leaf_hash : leaf_hashes) edge_.Append(leaf_hash, completed);
  for (const TileId& id : PartialTiles(edge_.size())) {
    if (TileWidth(id.level, id.index, size_before) == id.width) continue;
    tiles.push_back({id, rows_[id.level]});
  }
  return tiles;
}

}  // namespace mayfly::tlog
