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

// The TOML table that a line stands in, as its reader knows it: "[profile.server]", or for one of
// many "[[rule]]  name = "web"". Empty before the first.
std::string TableOf(const Lines& lines, size_t at) {
  while (!lines[at].starts_with('[')) {
    if (at-- == 0) return "";
  }
  std::string table = Whole(lines[at]);
  if (!lines[at].starts_with("[[")) return table;
  for (size_t i = at + 1; i < lines.size() && !lines[i].starts_with('['); ++i) {
    if (lines[i].starts_with("name")) return table + "  " + Whole(lines[i]);
  }
  return table;
}

// Puts the lines that differ together, each below the table that it stands in.
class Writer {
 public:
  void Remove(const Lines& lines, size_t at) {
    Write("- ", lines, at);
    ++out_.removed;
  }
  void Add(const Lines& lines, size_t at) {
    Write("+ ", lines, at);
    ++out_.added;
  }
  LineDiff Take() { return std::move(out_); }

 private:
  void Write(const char* sign, const Lines& lines, size_t at) {
    const std::string table = TableOf(lines, at);
    if (table != table_ && !lines[at].starts_with('[')) out_.text += "  " + table + "\n";
    table_ = table;
    out_.text += sign + Whole(lines[at]) + "\n";
  }
  LineDiff out_;
  std::string table_;
};

// From `i` of a and `j` of b up to their ends.
struct Ends {
  size_t a, b;
};

void Align(const Lines& a, const Lines& b, Ends from, Ends until, Writer& out) {
  const auto part = [](const Lines& lines, size_t first, size_t end) {
    return Lines(lines.begin() + static_cast<ptrdiff_t>(first),
                 lines.begin() + static_cast<ptrdiff_t>(end));
  };
  auto [i, j] = from;
  if ((until.a - i) * (until.b - j) > kDiffPairsMax) {
    while (i < until.a) out.Remove(a, i++);
    while (j < until.b) out.Add(b, j++);
    return;
  }
  const Tails tails(part(a, i, until.a), part(b, j, until.b));
  while (i < until.a || j < until.b) {
    if (i < until.a && j < until.b && a[i] == b[j]) {
      ++i;
      ++j;
    } else if (j == until.b || (i < until.a && tails.At(i + 1 - from.a, j - from.b) >=
                                                   tails.At(i - from.a, j + 1 - from.b))) {
      out.Remove(a, i++);
    } else {
      out.Add(b, j++);
    }
  }
}

}  // namespace

LineDiff DiffLines(std::string_view before, std::string_view after) {
  const Lines a = LinesOf(before), b = LinesOf(after);
  const auto differ = std::ranges::mismatch(a, b);
  const Ends from{static_cast<size_t>(differ.in1 - a.begin()),
                  static_cast<size_t>(differ.in2 - b.begin())};
  Ends until{a.size(), b.size()};
  while (until.a > from.a && until.b > from.b && a[until.a - 1] == b[until.b - 1]) {
    --until.a;
    --until.b;
  }
  Writer out;
  Align(a, b, from, until, out);
  return out.Take();
}

}  // namespace mayfly::cli
