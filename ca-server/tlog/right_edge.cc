#include "tlog/right_edge.h"

#include <bit>

namespace mayfly::tlog {

std::vector<NodeId> EdgeNodes(uint64_t size) {
  std::vector<NodeId> nodes;
  uint64_t begin = 0;
  while (begin < size) {
    const auto height = static_cast<unsigned>(std::bit_width(size - begin) - 1);
    nodes.push_back({height, begin >> height});
    begin += uint64_t{1} << height;
  }
  return nodes;
}

Result<RightEdge> RightEdge::Resume(uint64_t size, std::vector<Hash256> hashes) {
  if (size > kTreeSizeMax) {
    return Fail(ErrorCode::kInvalidArgument, "tlog.tree-size", "a tree cannot be as large");
  }
  if (hashes.size() != static_cast<size_t>(std::popcount(size))) {
    return Fail(ErrorCode::kInvalidArgument, "tlog.edge",
                "a tree of " + std::to_string(size) +
                    " leaves has another number of hashes at "
                    "its right edge");
  }
  RightEdge edge;
  edge.size_ = size;
  edge.hashes_ = std::move(hashes);
  return edge;
}

TreeHead RightEdge::Head() const {
  return {size_, hashes_.empty() ? EmptyRoot() : FoldFromRight(hashes_)};
}

Hash256 FoldFromRight(const std::vector<Hash256>& hashes) {
  Hash256 root = hashes.back();
  for (size_t i = hashes.size() - 1; i-- > 0;) root = NodeHash(hashes[i], root);
  return root;
}

}  // namespace mayfly::tlog
