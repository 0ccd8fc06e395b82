// What differs between two texts, line by line.
#pragma once

#include <string>
#include <string_view>

namespace mayfly::cli {

// Beyond so many pairs of lines, what is not equal at both ends is told as replaced altogether.
constexpr size_t kDiffPairsMax = 4'000'000;

struct LineDiff {
  // "- line" and "+ line", each with a newline, in the texts' order; before the first of a TOML
  // table "  [table]", so that who reads it knows of what it is said.
  std::string text;
  size_t removed = 0;
  size_t added = 0;
};
LineDiff DiffLines(std::string_view before, std::string_view after);

}  // namespace mayfly::cli
