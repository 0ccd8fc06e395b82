#include "clients/cli/table.h"

#include <algorithm>
#include <numeric>

namespace mayfly::cli {
namespace {

constexpr size_t kGap = 2;
constexpr std::string_view kCut = "...";

// The columns that are shown, and how wide each is.
struct Layout {
  std::vector<size_t> shown, widths;

  size_t Total() const {
    size_t total = shown.empty() ? 0 : kGap * (shown.size() - 1);
    for (const size_t i : shown) total += widths[i];
    return total;
  }
};

Layout Natural(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows) {
  Layout layout{std::vector<size_t>(columns.size()), {}};
  std::iota(layout.shown.begin(), layout.shown.end(), size_t{0});
  for (const Column& column : columns) layout.widths.push_back(column.title.size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      layout.widths[i] = std::max(layout.widths[i], row[i].text.size());
    }
  }
  return layout;
}

// What could be saved by cutting.
size_t Slack(const Layout& layout, const std::vector<Column>& columns) {
  size_t slack = 0;
  for (const size_t i : layout.shown) {
    if (columns[i].cut_to > 0 && layout.widths[i] > columns[i].cut_to) {
      slack += layout.widths[i] - columns[i].cut_to;
    }
  }
  return slack;
}

bool DropOne(Layout& layout, const std::vector<Column>& columns) {
  const auto worst =
      std::ranges::max_element(layout.shown, {}, [&](size_t i) { return columns[i].dispensable; });
  if (worst == layout.shown.end() || columns[*worst].dispensable == 0) return false;
  layout.shown.erase(worst);
  return true;
}

// Cutting comes before leaving out, as far as the columns allow.
void Fit(Layout& layout, const std::vector<Column>& columns, size_t width) {
  while (layout.Total() > width + Slack(layout, columns)) {
    if (!DropOne(layout, columns)) break;
  }
  for (const size_t i : layout.shown) {
    if (columns[i].cut_to == 0 || layout.Total() <= width) continue;
    const size_t excess = layout.Total() - width;
    const size_t floor = std::min(columns[i].cut_to, layout.widths[i]);
    layout.widths[i] = std::max(floor, layout.widths[i] - std::min(excess, layout.widths[i]));
  }
}

std::string Shown(const std::string& text, size_t width) {
  if (text.size() <= width) return text;
  // In the middle: names tell apart by their ends, and what they are by how they begin.
  const size_t kept = width - kCut.size(), first = kept / 2;
  return text.substr(0, first) + std::string(kCut) + text.substr(text.size() - (kept - first));
}

std::string Line(const Layout& layout, const std::vector<Cell>& cells, bool color) {
  std::string line;
  for (const size_t i : layout.shown) {
    const std::string text = Shown(cells[i].text, layout.widths[i]);
    const bool colored = color && !cells[i].color.empty();
    line += colored ? "\x1b[" + cells[i].color + "m" + text + "\x1b[0m" : text;
    if (i != layout.shown.back()) line.append(layout.widths[i] - text.size() + kGap, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string Table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                  const Terminal& terminal) {
  Layout layout = Natural(columns, rows);
  if (terminal.columns) Fit(layout, columns, *terminal.columns);
  std::vector<Cell> titles;
  for (const Column& column : columns) titles.emplace_back(column.title);
  std::string out = Line(layout, titles, false);
  for (const auto& row : rows) out += Line(layout, row, terminal.color);
  return out;
}

}  // namespace mayfly::cli
