// Names as RFC 5280 7.1 compares them: whatever the type of their strings, without regard to case
// and to white space around words. A Name that says the same is the same CA's, however its octets
// differ.
#pragma once

#include <initializer_list>
#include <vector>

#include "base/bytes.h"

namespace mayfly::x509 {

class NameSet {
 public:
  NameSet() = default;
  NameSet(std::initializer_list<Bytes> ders) : names_(ders) {}

  void Insert(ByteSpan der) { names_.push_back(ToBytes(der)); }
  // What is no Name is there where its octets are.
  bool Contains(ByteSpan der) const;

 private:
  std::vector<Bytes> names_;
};

}  // namespace mayfly::x509
