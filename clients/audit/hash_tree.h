// Merkle tree hashes (RFC 9162 2.1.1) for whoever verifies a log. Nothing here, nor in the rest of
// clients/audit, is of the code that writes logs: docs/AUDIT.md, Format, is all that both know.
#pragma once

#include <vector>

#include "base/bytes.h"

namespace mayfly::audit_reader {

Hash256 Sha256(ByteSpan octets);
Hash256 HashLeaf(ByteSpan entry);
Hash256 HashPair(const Hash256& left, const Hash256& right);

// The root of a list that grows.
class HashTree {
 public:
  void Add(const Hash256& leaf);
  uint64_t size() const { return size_; }
  Hash256 Root() const;

 private:
  uint64_t size_ = 0;
  // Of perfect subtrees, the largest first: one for each bit of the size.
  std::vector<Hash256> peaks_;
};

}  // namespace mayfly::audit_reader
