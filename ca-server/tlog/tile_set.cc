#include "tlog/tile_set.h"

#include <algorithm>

namespace mayfly::tlog {

Status TileSet::Add(const TileId& id, ByteSpan bytes) {
  if (id.width == 0 || id.width > kTileWidth || bytes.size() != id.width * sizeof(Hash256)) {
    return Fail(ErrorCode::kInvalidArgument, "tlog.tile-size",
                id.Path() + " cannot have " + std::to_string(bytes.size()) + " octets");
  }
  std::vector<Hash256>& hashes = tiles_[{id.level, id.index}];
  if (hashes.size() >= id.width) return Ok();
  hashes.resize(id.width);
  for (Hash256& hash : hashes) {
    std::copy_n(bytes.begin(), hash.size(), hash.begin());
    bytes = bytes.subspan(hash.size());
  }
  return Ok();
}

Result<Hash256> TileSet::Hash(const NodeId& node, uint64_t size) const {
  const TilePlace place = PlaceOf(node, size);
  const auto found = tiles_.find({place.tile.level, place.tile.index});
  if (found == tiles_.end() || found->second.size() < size_t{place.first} + place.count) {
    return Fail(ErrorCode::kNotFound, "tlog.tile-missing", place.tile.Path() + " is missing");
  }
  const auto first = found->second.begin() + place.first;
  std::vector<Hash256> hashes(first, first + place.count);
  while (hashes.size() > 1) {
    for (size_t i = 0; i < hashes.size() / 2; ++i) {
      hashes[i] = NodeHash(hashes[2 * i], hashes[2 * i + 1]);
    }
    hashes.resize(hashes.size() / 2);
  }
  return hashes.front();
}

}  // namespace mayfly::tlog
