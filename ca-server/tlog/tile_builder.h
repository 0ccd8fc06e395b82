// Appends leaves to a log and gives the tiles that this makes new.
//
// A builder is a value: copy it, append to the copy, and keep the copy once what it gave is
// durable.
#pragma once

#include <array>
#include <span>

#include "tlog/right_edge.h"
#include "tlog/tile.h"
#include "tlog/tile_set.h"

namespace mayfly::tlog {

struct Tile {
  TileId id;
  Bytes bytes;  // id.width hashes
};

class TileBuilder {
 public:
  TileBuilder() = default;  // of the empty log
  // `tiles` has PartialTiles(tree.size). Errors: kInvalidArgument "tlog.tree-size", "tlog.root"
  // (the tiles are not those of a tree with this root), kNotFound "tlog.tile-missing".
  static Result<TileBuilder> Resume(const TreeHead& tree, const TileSet& tiles);

  // Every tile of the new tree that the old one does not have, full ones first. A partial tile
  // stands in for those of the same place that are less wide, a full one for all of them.
  std::vector<Tile> Append(std::span<const Hash256> leaf_hashes);

  TreeHead Head() const { return edge_.Head(); }
  const RightEdge& edge() const { return edge_; }

 private:
  // The hashes of the partial tile of each level, at most kTileWidth - 1 between appends.
  using Rows = std::array<Bytes, kTileLevelMax + 1>;
  RightEdge edge_;
  Rows rows_;
};

}  // namespace mayfly::tlog
