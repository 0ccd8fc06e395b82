// RFC 6962 2.1 word for word over a list of hashes of leaves: slow, and plain enough to be
// believed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "tlog/merkle.h"

namespace mayfly::tlog {

using Hashes = std::vector<Hash256>;

inline Hashes Slice(const Hashes& d, size_t begin, size_t end) {
  return {d.begin() + static_cast<ptrdiff_t>(begin), d.begin() + static_cast<ptrdiff_t>(end)};
}

// The largest power of two below n.
inline size_t NaiveSplit(size_t n) {
  size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

inline Hash256 NaiveRoot(const Hashes& d) {
  if (d.empty()) return EmptyRoot();
  if (d.size() == 1) return d[0];
  const size_t k = NaiveSplit(d.size());
  return NodeHash(NaiveRoot(Slice(d, 0, k)), NaiveRoot(Slice(d, k, d.size())));
}

// PATH(m, D[n])
inline Hashes NaivePath(size_t m, const Hashes& d) {
  if (d.size() == 1) return {};
  const size_t k = NaiveSplit(d.size());
  const Hashes left = Slice(d, 0, k), right = Slice(d, k, d.size());
  Hashes path = m < k ? NaivePath(m, left) : NaivePath(m - k, right);
  path.push_back(NaiveRoot(m < k ? right : left));
  return path;
}

// SUBPROOF(m, D[n], b)
inline Hashes NaiveSubproof(size_t m, const Hashes& d, bool b) {
  if (m == d.size()) return b ? Hashes() : Hashes{NaiveRoot(d)};
  const size_t k = NaiveSplit(d.size());
  const Hashes left = Slice(d, 0, k), right = Slice(d, k, d.size());
  Hashes proof = m <= k ? NaiveSubproof(m, left, b) : NaiveSubproof(m - k, right, false);
  proof.push_back(NaiveRoot(m <= k ? right : left));
  return proof;
}

inline Hashes SomeLeaves(size_t count) {
  Hashes leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(LeafHash(AsBytes(std::to_string(i))));
  return leaves;
}

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "" : result.error().rule;
}

}  // namespace mayfly::tlog
