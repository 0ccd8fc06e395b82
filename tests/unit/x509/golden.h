// Files of tests/golden/x509, made by its make.py with other implementations.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "base/bytes.h"
#include "x509/subject_public_key_info.h"

namespace mayfly::x509 {

inline std::string GoldenPath(const std::string& name) {
  return std::string(MAYFLY_SOURCE_DIR) + "/tests/golden/x509/" + name;
}

inline Bytes Golden(const std::string& name) {
  std::ifstream file(GoldenPath(name), std::ios::binary);
  Bytes out(std::istreambuf_iterator<char>(file), {});
  if (out.empty()) throw std::runtime_error("no golden file " + name);
  return out;
}

template <class T>
std::string RuleOf(const Result<T>& result) {
  return result ? "" : result.error().rule;
}

// Some key, where a test needs one and does not care which: an Ed25519 key of zeros.
inline SubjectPublicKeyInfo AnyKey() {
  return *SubjectPublicKeyInfo::FromDer(
      *FromHex("302a300506032b6570032100" + std::string(64, '0')));
}

}  // namespace mayfly::x509
