// The hashes of a Merkle tree (RFC 9162 2.1.1, the same as RFC 6962 2.1), with SHA-256.
//
// A leaf is the hash of an entry; everything here speaks of hashes of leaves, never of entries.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace mayfly::tlog {

// What the database's bigint and other verifiers' int64 hold.
constexpr uint64_t kTreeSizeMax = INT64_MAX;

Hash256 LeafHash(ByteSpan entry);                             // SHA-256(00 || entry)
Hash256 NodeHash(const Hash256& left, const Hash256& right);  // SHA-256(01 || left || right)
Hash256 EmptyRoot();                                          // SHA-256 of nothing

// What a checkpoint commits to.
struct TreeHead {
  uint64_t size = 0;  // leaves
  Hash256 root{};
  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

// A perfect subtree: the leaves from index << height to the next index's.
struct NodeId {
  unsigned height = 0;
  uint64_t index = 0;
  friend bool operator==(const NodeId&, const NodeId&) = default;
};

}  // namespace mayfly::tlog
