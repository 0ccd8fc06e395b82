#include "clients/audit/hash_tree.h"

#include <openssl/evp.h>

namespace mayfly::audit_reader {

Hash256 Sha256(ByteSpan octets) {
  Hash256 hash{};
  EVP_Digest(octets.data(), octets.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
  return hash;
}

Hash256 HashLeaf(ByteSpan entry) {
  Bytes input{0};
  input.insert(input.end(), entry.begin(), entry.end());
  return Sha256(input);
}

Hash256 HashPair(const Hash256& left, const Hash256& right) {
  Bytes input{1};
  input.insert(input.end(), left.begin(), left.end());
  input.insert(input.end(), right.begin(), right.end());
  return Sha256(input);
}

void HashTree::Add(const Hash256& leaf) {
  peaks_.push_back(leaf);
  // Two subtrees of one size are one of twice that.
  for (uint64_t bits = size_++; bits % 2 == 1; bits /= 2) {
    const Hash256 right = peaks_.back();
    peaks_.pop_back();
    peaks_.back() = HashPair(peaks_.back(), right);
  }
}

Hash256 HashTree::Root() const {
  if (peaks_.empty()) return Sha256({});
  Hash256 root = peaks_.back();
  for (size_t i = peaks_.size() - 1; i-- > 0;) root = HashPair(peaks_[i], root);
  return root;
}

}  // namespace mayfly::audit_reader
