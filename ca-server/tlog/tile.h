// Tiles and entry bundles by name (C2SP tlog-tiles): what a log is made of as static files.
//
// A tile of level 0 has the hashes of up to 256 neighbouring leaves, one of level L those of up to
// 256 full tiles of level L - 1; a bundle has the entries that the leaves of a level 0 tile hash.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tlog/merkle.h"

namespace mayfly::tlog {

constexpr unsigned kTileHeight = 8;
constexpr uint64_t kTileWidth = uint64_t{1} << kTileHeight;
constexpr uint8_t kTileLevelMax = 7;  // enough for kTreeSizeMax leaves
constexpr uint64_t kTileIndexMax = kTreeSizeMax / kTileWidth;

struct TileId {
  uint8_t level = 0;
  uint64_t index = 0;
  uint16_t width = kTileWidth;  // 1 .. kTileWidth; below it the tile is partial
  std::string Path() const;     // "tile/0/x001/x234/067", "tile/0/000.p/17"
  friend auto operator<=>(const TileId&, const TileId&) = default;
};

struct BundleId {
  uint64_t index = 0;
  uint16_t width = kTileWidth;
  std::string Path() const;  // "tile/entries/x001/x234/067"
  friend auto operator<=>(const BundleId&, const BundleId&) = default;
};

// What Path() gives and nothing else: no second spelling. Errors: kInvalidArgument "tlog.path".
Result<std::variant<TileId, BundleId>> ParseTilePath(std::string_view path);

// How wide a tile of a tree of `size` leaves is; 0 where the tree has none there.
uint16_t TileWidth(uint8_t level, uint64_t index, uint64_t size);

// The partial tiles of a tree, from level 0 up: whoever has them can append.
std::vector<TileId> PartialTiles(uint64_t size);

// Where in which tile the hashes are that a perfect subtree hashes; of a tree of `size` leaves,
// which must have the subtree.
struct TilePlace {
  TileId tile;
  uint16_t first;  // of its hashes
  uint16_t count;  // a power of two
};
TilePlace PlaceOf(const NodeId& node, uint64_t size);

}  // namespace mayfly::tlog
