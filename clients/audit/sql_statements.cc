#include "clients/audit/sql_statements.h"

#include <cctype>
#include <limits>

namespace mayfly::audit_reader {
namespace {

constexpr std::string_view kSpace = " \t\n\r\f\v";

bool IsOfName(char octet) {
  const auto value = static_cast<unsigned char>(octet);
  return value >= 0x80 || isalnum(value) || octet == '_';
}

}  // namespace

char SqlStatements::Take() {
  const int octet = in_.get();
  return in_ ? static_cast<char>(octet) : '\0';
}

// Reading goes on to a statement's end however long it is: whoever may create a view could stop
// every verification else.
void SqlStatements::Keep(char octet) {
  last_but_one_ = last_;
  last_ = octet;
  if (statement_.text.size() < kStatementOctetsMax) {
    statement_.text += octet;
  } else {
    statement_.is_cut = true;
  }
}

void SqlStatements::KeepCode(std::string_view code) {
  if (!statement_.is_cut) statement_.code += code;
}

void SqlStatements::Put(char octet) {
  if (has_space_ && !statement_.text.empty()) {
    Keep(' ');
    KeepCode(" ");
  }
  has_space_ = false;
  Keep(octet);
  KeepCode({&octet, 1});
}

void SqlStatements::SkipLine() {
  in_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  has_space_ = true;
}

void SqlStatements::TakeQuoted(char quote) {
  // E'..': a backslash takes the next octet as it is.
  const bool has_escapes =
      quote == '\'' && !has_space_ && (last_ == 'E' || last_ == 'e') && !IsOfName(last_but_one_);
  Put(quote);
  is_whole_ = false;
  while (!is_whole_) {
    const char octet = Take();
    if (!in_) return;
    Keep(octet);
    if (has_escapes && octet == '\\') {
      Keep(Take());
    } else if (octet == quote && IsNext(quote)) {
      Keep(Take());  // two are one of what is quoted
    } else {
      is_whole_ = octet == quote;
    }
  }
  KeepCode({&quote, 1});
}

// $$..$$ or $name$..$name$; else the dollar is part of a name.
void SqlStatements::TakeAfterDollar() {
  const bool is_in_name = !has_space_ && IsOfName(last_);
  Put('$');
  std::string delimiter = "$";
  while (in_.peek() != std::istream::traits_type::eof() &&
         IsOfName(static_cast<char>(in_.peek())) && delimiter.size() < kStatementOctetsMax) {
    delimiter += static_cast<char>(in_.peek());
    Put(Take());
  }
  if (is_in_name || !IsNext('$')) return;
  delimiter += '$';
  Put(Take());
  size_t matched = 0;  // octets of the delimiter; a dollar begins it or ends it
  is_whole_ = false;
  while (!is_whole_) {
    const char octet = Take();
    if (!in_) return;
    Keep(octet);
    if (octet == delimiter[matched]) {
      ++matched;
    } else {
      matched = octet == '$' ? 1 : 0;
    }
    is_whole_ = matched == delimiter.size();
  }
  KeepCode(delimiter);
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
  last_ = last_but_one_ = '\0';
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
  }
  if (!is_whole_ || !statement_.text.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "audit.dump", "it ends within a statement");
  }
  return std::optional<SqlStatement>();
}

}  // namespace mayfly::audit_reader
