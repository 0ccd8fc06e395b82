// The statements of a dump in pg_dump's plain format, a statement at a time.
#pragma once

#include <istream>
#include <optional>
#include <string>

#include "base/result.h"

namespace mayfly::audit_reader {

constexpr size_t kStatementOctetsMax = size_t{1} << 20;

struct SqlStatement {
  // Without comments and its semicolon; white space outside of quotes is one space.
  std::string text;
  // The same with nothing between quotes ('', "", $$): names found here are names.
  std::string code;
};

// Ends a statement at a semicolon outside of quotes and parentheses. Functions of BEGIN ATOMIC come
// in pieces, always in the same ones; none of them can be anything but a query.
class SqlStatements {
 public:
  explicit SqlStatements(std::istream& in) : in_(in) {}

  // Nothing: the end. Error: kInvalidArgument "audit.dump": one is longer than kStatementOctetsMax,
  // or has no end.
  Result<std::optional<SqlStatement>> Next();

 private:
  bool IsFull() const { return statement_.text.size() > kStatementOctetsMax; }
  char Take();
  bool IsNext(char octet) { return in_.peek() == static_cast<unsigned char>(octet); }
  void Put(char octet);
  void TakeCode(char octet);
  void SkipLine();
  void TakeQuoted(char quote);
  void TakeAfterDollar();

  std::istream& in_;
  SqlStatement statement_;
  int depth_ = 0;           // of parentheses
  bool has_space_ = false;  // before what comes next
  bool is_whole_ = true;    // not within quotes
};

}  // namespace mayfly::audit_reader
