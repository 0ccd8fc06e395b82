#include "clients/audit/sql_statements.h"

#include <cctype>
#include <limits>
#include <string_view>

namespace mayfly::audit_reader {
namespace {

constexpr std::string_view kSpace = " \t\n\r\f\v";

bool IsOfName(char octet) {
  const auto value = static_cast<unsigned char>(octet);
  return value >= 0x80 || isalnum(value) || octet == '_';
}

// E'..': a backslash takes the next octet as it is.
bool HasEscapes(std::string_view before) {
  if (!before.ends_with('E') && !before.ends_with('e')) return false;
  return before.size() == 1 || !IsOfName(before[before.size() - 2]);
}

Error BadStatement(const std::string& message) {
  return Fail(ErrorCode::kInvalidArgument, "audit.dump", message);
}

}  // namespace

char SqlStatements::Take() {
  const int octet = in_.get();
  return in_ ? static_cast<char>(octet) : '\0';
}

void SqlStatements::Put(char octet) {
  if (has_space_ && !statement_.text.empty()) {
    statement_.text += ' ';
    statement_.code += ' ';
  }
  has_space_ = false;
  statement_.text += octet;
  statement_.code += octet;
}

void SqlStatements::SkipLine() {
  in_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  has_space_ = true;
}

void SqlStatements::TakeQuoted(char quote) {
  const bool has_escapes = quote == '\'' && !has_space_ && HasEscapes(statement_.text);
  Put(quote);
  is_whole_ = false;
  while (!is_whole_ && !IsFull()) {
    const char octet = Take();
    if (!in_) return;
    statement_.text += octet;
    if (has_escapes && octet == '\\') {
      statement_.text += Take();
    } else if (octet == quote && IsNext(quote)) {
      statement_.text += Take();  // two are one of what is quoted
    } else {
      is_whole_ = octet == quote;
    }
  }
  statement_.code += quote;
}

// $$..$$ or $name$..$name$; else the dollar is part of a name.
void SqlStatements::TakeAfterDollar() {
  const bool is_in_name =
      !has_space_ && !statement_.text.empty() && IsOfName(statement_.text.back());
  Put('$');
  const size_t start = statement_.text.size() - 1;
  while (in_.peek() != std::istream::traits_type::eof() &&
         IsOfName(static_cast<char>(in_.peek())) && !IsFull())
    Put(Take());
  if (is_in_name || !IsNext('$')) return;
  Put(Take());
  const std::string delimiter = statement_.text.substr(start);
  const size_t body = statement_.text.size();
  is_whole_ = false;
  while (!is_whole_ && !IsFull()) {
    const char octet = Take();
    if (!in_) return;
    statement_.text += octet;
    is_whole_ = octet == '$' && statement_.text.size() >= body + delimiter.size() &&
                statement_.text.ends_with(delimiter);
  }
  statement_.code += delimiter;
}

void SqlStatements::TakeCode(char octet) {
  if (octet == '-' && IsNext('-')) return SkipLine();
  if (kSpace.find(octet) != kSpace.npos) {
    has_space_ = true;
    return;
  }
  if (octet == '\'' || octet == '"') return TakeQuoted(octet);
  if (octet == '$') return TakeAfterDollar();
  if (octet == '(') ++depth_;
  if (octet == ')') --depth_;
  Put(octet);
}

Result<std::optional<SqlStatement>> SqlStatements::Next() {
  statement_ = {};
  depth_ = 0;
  has_space_ = false;
  is_whole_ = true;
  while (true) {
    const char octet = Take();
    if (!in_) break;
    if (octet == ';' && depth_ <= 0) {
      if (statement_.text.empty()) continue;
      return std::optional(std::move(statement_));
    }
    // psql's own commands: \restrict.
    if (octet == '\\' && statement_.text.empty()) {
      SkipLine();
    } else {
      TakeCode(octet);
    }
    if (IsFull()) {
      return BadStatement("a statement is longer than " + std::to_string(kStatementOctetsMax) +
                          " octets");
    }
  }
  if (!is_whole_ || !statement_.text.empty()) return BadStatement("it ends within a statement");
  return std::optional<SqlStatement>();
}

}  // namespace mayfly::audit_reader
