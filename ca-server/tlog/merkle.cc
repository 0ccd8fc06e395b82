#include "tlog/merkle.h"

#include <algorithm>

#include "x509/digest.h"

namespace mayfly::tlog {
namespace {

// RFC 9162 2.1.1: leaves and nodes begin differently, so that neither passes for the other.
constexpr uint8_t kLeafPrefix = 0;
constexpr uint8_t kNodePrefix = 1;

}  // namespace

Hash256 LeafHash(ByteSpan entry) {
  Bytes input;
  input.reserve(1 + entry.size());
  input.push_back(kLeafPrefix);
  input.insert(input.end(), entry.begin(), entry.end());
  return x509::Sha256(input);
}

Hash256 NodeHash(const Hash256& left, const Hash256& right) {
  std::array<uint8_t, 1 + 2 * sizeof(Hash256)> input;
  input[0] = kNodePrefix;
  std::copy(right.begin(), right.end(), std::copy(left.begin(), left.end(), input.begin() + 1));
  return x509::Sha256(input);
}

Hash256 EmptyRoot() { return x509::Sha256({}); }

}  // namespace mayfly::tlog
