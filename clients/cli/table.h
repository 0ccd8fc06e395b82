// Tables for people, fitted to the terminal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clients/cli/output.h"

namespace mayfly::cli {

struct Column {
  std::string title;
  // Columns with a number are left out where the terminal is too narrow, the highest first; 0
  // stays.
  int dispensable = 0;
  size_t cut_to = 0;  // may be cut to this many characters, with "..." at its end; 0: never
};

struct Cell {
  Cell(std::string cell_text, std::string ansi_color = "")
      : text(std::move(cell_text)), color(std::move(ansi_color)) {}
  std::string text;
  std::string color;  // "31"; empty: none
};

// `rows` are as long as `columns`. The title line, then a line a row; where there is no terminal
// everything is shown and nothing is cut.
std::string Table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                  const Terminal& terminal);

}  // namespace mayfly::cli
