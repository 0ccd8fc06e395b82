// Tiles that somebody fetched, and the hashes of subtrees that they have.
#pragma once

#include <map>
#include <utility>

#include "tlog/tile.h"

namespace mayfly::tlog {

class TileSet {
 public:
  // Where there was one of the same place already, the wider one stays. Nothing says yet that the
  // hashes are the log's: a root does (TileBuilder::Resume, VerifyInclusion, VerifyConsistency).
  // Errors: kInvalidArgument "tlog.tile-size" (not `width` hashes).
  Status Add(const TileId& id, ByteSpan bytes);

  // Of a tree of `size` leaves. Errors: kNotFound "tlog.tile-missing".
  Result<Hash256> Hash(const NodeId& node, uint64_t size) const;

 private:
  std::map<std::pair<uint8_t, uint64_t>, std::vector<Hash256>> tiles_;
};

}  // namespace mayfly::tlog
