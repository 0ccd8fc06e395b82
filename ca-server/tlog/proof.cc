#include "tlog/proof.h"

#include <algorithm>
#include <bit>
#include <span>

#include "tlog/right_edge.h"

namespace mayfly::tlog {
namespace {

// The leaves begin .. end - 1, which one hash of a proof stands for: MTH(D[begin:end]).
struct Range {
  uint64_t begin;
  uint64_t end;
  uint64_t size() const { return end - begin; }
};

// RFC 9162 2.1.1: a tree's left part is as large as a perfect one can be, and smaller than the
// tree.
uint64_t SplitOf(const Range& range) { return range.begin + std::bit_floor(range.size() - 1); }

// RFC 9162 2.1.3.1: on the way from the root down to the leaf, always the other side.
std::vector<Range> InclusionRanges(uint64_t index, uint64_t size) {
  std::vector<Range> ranges;
  Range here{0, size};
  while (here.size() > 1) {
    const uint64_t split = SplitOf(here);
    const bool is_left = index < split;
    ranges.push_back(is_left ? Range{split, here.end} : Range{here.begin, split});
    here = is_left ? Range{here.begin, split} : Range{split, here.end};
  }
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

// RFC 9162 2.1.4.1, SUBPROOF: on the way down to where the old tree ends. The last subtree is left
// out where it is the whole old tree, whose root the verifier has.
std::vector<Range> ConsistencyRanges(uint64_t old_size, uint64_t new_size) {
  std::vector<Range> ranges;
  Range here{0, new_size};
  while (here.end != old_size) {
    const uint64_t split = SplitOf(here);
    const bool is_left = old_size <= split;
    ranges.push_back(is_left ? Range{split, here.end} : Range{here.begin, split});
    here = is_left ? Range{here.begin, split} : Range{split, here.end};
  }
  if (here.begin > 0) ranges.push_back(here);
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

// A range begins where a perfect subtree of at least its size does, so it falls into perfect ones
// as a tree of its size would.
std::vector<NodeId> NodesOf(const Range& range) {
  std::vector<NodeId> nodes = EdgeNodes(range.size());
  for (NodeId& node : nodes) node.index += range.begin >> node.height;
  return nodes;
}

std::vector<TileId> TilesOf(const std::vector<Range>& ranges, uint64_t size) {
  std::vector<TileId> tiles;
  for (const Range& range : ranges) {
    for (const NodeId& node : NodesOf(range)) tiles.push_back(PlaceOf(node, size).tile);
  }
  std::sort(tiles.begin(), tiles.end());
  tiles.erase(std::unique(tiles.begin(), tiles.end()), tiles.end());
  return tiles;
}

Result<Proof> ProofOf(const std::vector<Range>& ranges, uint64_t size, const TileSet& tiles) {
  Proof proof;
  for (const Range& range : ranges) {
    std::vector<Hash256> hashes;
    for (const NodeId& node : NodesOf(range)) {
      TRY_ASSIGN(Hash256 hash, tiles.Hash(node, size));
      hashes.push_back(hash);
    }
    proof.push_back(FoldFromRight(hashes));
  }
  return proof;
}

Status CheckRange(bool is_inside, uint64_t size) {
  if (size > kTreeSizeMax) {
    return Fail(ErrorCode::kInvalidArgument, "tlog.tree-size", "a tree cannot be as large");
  }
  if (is_inside) return Ok();
  return Fail(ErrorCode::kInvalidArgument, "tlog.range",
              "the tree has " + std::to_string(size) + " leaves only");
}

Error DoesNotHold(std::string rule) {
  return Fail(ErrorCode::kInvalidArgument, std::move(rule), "the proof does not hold");
}

// Where a proof's verification stands: `node` in a level whose last node is `last`.
struct Climb {
  uint64_t node;
  uint64_t last;
  bool IsRightChild() const { return (node & 1) == 1; }
  // Past the levels where the node is the left child of nothing: it rises unhashed.
  void SkipLevels() {
    while (!IsRightChild() && node != 0) Rise();
  }
  void Rise() {
    node >>= 1;
    last >>= 1;
  }
};

}  // namespace

Result<std::vector<TileId>> TilesForInclusion(uint64_t index, uint64_t size) {
  TRY(CheckRange(index < size, size));
  return TilesOf(InclusionRanges(index, size), size);
}

Result<std::vector<TileId>> TilesForConsistency(uint64_t old_size, uint64_t new_size) {
  TRY(CheckRange(old_size <= new_size, new_size));
  if (old_size == 0) return std::vector<TileId>();
  return TilesOf(ConsistencyRanges(old_size, new_size), new_size);
}

Result<Proof> ProveInclusion(uint64_t index, uint64_t size, const TileSet& tiles) {
  TRY(CheckRange(index < size, size));
  return ProofOf(InclusionRanges(index, size), size, tiles);
}

Result<Proof> ProveConsistency(uint64_t old_size, uint64_t new_size, const TileSet& tiles) {
  TRY(CheckRange(old_size <= new_size, new_size));
  if (old_size == 0) return Proof();
  return ProofOf(ConsistencyRanges(old_size, new_size), new_size, tiles);
}

// RFC 9162 2.1.3.2.
Status VerifyInclusion(const TreeHead& tree, const Leaf& leaf, const Proof& proof) {
  TRY(CheckRange(leaf.index < tree.size, tree.size));
  Climb climb{leaf.index, tree.size - 1};
  Hash256 root = leaf.hash;
  for (const Hash256& hash : proof) {
    if (climb.last == 0) return DoesNotHold("tlog.inclusion");
    if (climb.IsRightChild() || climb.node == climb.last) {
      root = NodeHash(hash, root);
      climb.SkipLevels();
    } else {
      root = NodeHash(root, hash);
    }
    climb.Rise();
  }
  if (climb.last != 0 || root != tree.root) return DoesNotHold("tlog.inclusion");
  return Ok();
}

// RFC 9162 2.1.4.2: both roots are computed from the proof.
Status VerifyConsistency(const TreeHead& old_tree, const TreeHead& new_tree, const Proof& proof) {
  TRY(CheckRange(old_tree.size <= new_tree.size, new_tree.size));
  if (old_tree.size == 0 || old_tree.size == new_tree.size) {
    const bool holds = proof.empty() && (old_tree.size > 0 || old_tree.root == EmptyRoot()) &&
                       (old_tree.size < new_tree.size || old_tree == new_tree);
    return holds ? Ok() : DoesNotHold("tlog.consistency");
  }
  std::span<const Hash256> rest(proof);
  Hash256 old_root = old_tree.root;
  // A perfect old tree is a node of the new one, so the proof leaves its root out.
  if (!std::has_single_bit(old_tree.size)) {
    if (rest.empty()) return DoesNotHold("tlog.consistency");
    old_root = rest.front();
    rest = rest.subspan(1);
  }
  Hash256 new_root = old_root;
  Climb climb{old_tree.size - 1, new_tree.size - 1};
  while (climb.IsRightChild()) climb.Rise();
  for (const Hash256& hash : rest) {
    if (climb.last == 0) return DoesNotHold("tlog.consistency");
    if (climb.IsRightChild() || climb.node == climb.last) {
      old_root = NodeHash(hash, old_root);
      new_root = NodeHash(hash, new_root);
      climb.SkipLevels();
    } else {
      new_root = NodeHash(new_root, hash);
    }
    climb.Rise();
  }
  if (climb.last != 0 || old_root != old_tree.root || new_root != new_tree.root) {
    return DoesNotHold("tlog.consistency");
  }
  return Ok();
}

}  // namespace mayfly::tlog
