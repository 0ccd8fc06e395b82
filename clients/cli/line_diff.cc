#include "clients/cli/line_diff.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"

namespace mayfly::cli {
namespace {

using Lines = std::vector<std::string_view>;

Lines LinesOf(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Never cut: what is approved by it must be seen. An escaped byte takes four.
std::string Whole(std::string_view line) { return Escape(line, 4 * line.size()); }

// The lengths of the longest common subsequences of all tails.
class Tails {
 public:
  Tails(const Lines& a, const Lines& b)
      : columns_(b.size() + 1), lengths_((a.size() + 1) * columns_) {
    for (size_t i = a.size(); i-- > 0;) {
      for (size_t j = b.size(); j-- > 0;) {
        lengths_[i * columns_ + j] =
            a[i] == b[j] ? At(i + 1, j + 1) + 1 : std::max(At(i + 1, j), At(i, j + 1));
      }
    }
  }
  uint32_t At(size_t i, size_t j) const { return lengths_[i * columns_ + j]; }

 private:
  size_t columns_;
  std::vector<uint32_t> lengths_;
};

void Remove(std::string_view line, LineDiff& out) {
  out.text += "- " + Whole(line) + "\n";
  ++out.removed;
}
void Add(std::string_view line, LineDiff& out) {
  out.text += "+ " + Whole(line) + "\n";
  ++out.added;
}

void Replace(const Lines& a, const Lines& b, LineDiff& out) {
  for (const auto line : a) Remove(line, out);
  for (const auto line : b) Add(line, out);
}

void Align(const Lines& a, const Lines& b, LineDiff& out) {
  if (a.size() * b.size() > kDiffPairsMax) return Replace(a, b, out);
  const Tails tails(a, b);
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      ++i;
      ++j;
    } else if (j == b.size() || (i < a.size() && tails.At(i + 1, j) >= tails.At(i, j + 1))) {
      Remove(a[i++], out);
    } else {
      Add(b[j++], out);
    }
  }
}

}  // namespace

LineDiff DiffLines(std::string_view before, std::string_view after) {
  Lines a = LinesOf(before), b = LinesOf(after);
  const auto differ = std::ranges::mismatch(a, b);
  a.erase(a.begin(), differ.in1);
  b.erase(b.begin(), differ.in2);
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.pop_back();
    b.pop_back();
  }
  LineDiff out;
  Align(a, b, out);
  return out;
}

}  // namespace mayfly::cli
