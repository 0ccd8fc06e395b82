// Statements of a dump, as tests need them.
#pragma once

#include <string>

#include "schema/dump.h"

namespace mayfly::fakes {

inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// The schema's, with its partitions of class 1 holding the day "20261127": serial numbers from
// `first` to `end`, in hex.
inline std::string SchemaDump(const std::string& day, const std::string& first,
                              const std::string& end) {
  return Replaced(Replaced(std::string(schema::Dump()), "20000101", day),
                  "FROM ('\\x2100dc6acfac00') TO ('\\x2100dc6ff60800')",
                  "FROM ('\\x" + first + "') TO ('\\x" + end + "')");
}

}  // namespace mayfly::fakes
