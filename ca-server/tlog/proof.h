// Inclusion and consistency proofs (RFC 9162 2.1.3 and 2.1.4): made from tiles, and verified.
#pragma once

#include <vector>

#include "tlog/tile_set.h"

namespace mayfly::tlog {

using Proof = std::vector<Hash256>;  // from the leaves up; at most 63 hashes

struct Leaf {
  uint64_t index = 0;
  Hash256 hash{};
};

// What to fetch for a proof. Errors: as below.
Result<std::vector<TileId>> TilesForInclusion(uint64_t index, uint64_t size);
Result<std::vector<TileId>> TilesForConsistency(uint64_t old_size, uint64_t new_size);

// That the tree of `size` leaves has the leaf `index`. Tiles are believed: whoever did not make
// them verifies the proof. Errors: kInvalidArgument "tlog.range" (no such leaf), "tlog.tree-size";
// kNotFound "tlog.tile-missing".
Result<Proof> ProveInclusion(uint64_t index, uint64_t size, const TileSet& tiles);
// That the tree of `new_size` leaves begins with the one of `old_size`. Nothing is needed to prove
// that a tree begins with the empty one. Errors: the same.
Result<Proof> ProveConsistency(uint64_t old_size, uint64_t new_size, const TileSet& tiles);

// Ok only where the proof holds. Errors: kInvalidArgument "tlog.range", "tlog.tree-size",
// "tlog.inclusion".
Status VerifyInclusion(const TreeHead& tree, const Leaf& leaf, const Proof& proof);
// Errors: kInvalidArgument "tlog.range", "tlog.tree-size", "tlog.consistency".
Status VerifyConsistency(const TreeHead& old_tree, const TreeHead& new_tree, const Proof& proof);

}  // namespace mayfly::tlog
