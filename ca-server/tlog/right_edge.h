// The right edge of a tree: what is needed to append to it and to say its root.
#pragma once

#include <vector>

#include "tlog/merkle.h"

namespace mayfly::tlog {

// The perfect subtrees that a tree of this size falls into, from the left, so the largest first:
// one for each 1 in the size's binary digits.
std::vector<NodeId> EdgeNodes(uint64_t size);

class RightEdge {
 public:
  RightEdge() = default;  // of the empty tree
  // As size() and hashes() were. Errors: kInvalidArgument "tlog.tree-size", "tlog.edge" (not as
  // many hashes as the size asks for).
  static Result<RightEdge> Resume(uint64_t size, std::vector<Hash256> hashes);

  // Calls `completed(height, hash)` for each perfect subtree that the leaf completes, itself first.
  template <class Completed>
  void Append(const Hash256& leaf_hash, Completed completed) {
    Hash256 hash = leaf_hash;
    uint64_t before = size_++;
    completed(0U, hash);
    for (unsigned height = 1; before & 1; before >>= 1, ++height) {
      hash = NodeHash(hashes_.back(), hash);
      hashes_.pop_back();
      completed(height, hash);
    }
    hashes_.push_back(hash);
  }
  void Append(const Hash256& leaf_hash) {
    Append(leaf_hash, [](unsigned, const Hash256&) {});
  }

  uint64_t size() const { return size_; }
  const std::vector<Hash256>& hashes() const { return hashes_; }  // of EdgeNodes(size())
  TreeHead Head() const;

 private:
  uint64_t size_ = 0;
  std::vector<Hash256> hashes_;
};

// The root over neighbouring subtrees, each smaller than the one on its left. Not of none.
Hash256 FoldFromRight(const std::vector<Hash256>& hashes);

}  // namespace mayfly::tlog
