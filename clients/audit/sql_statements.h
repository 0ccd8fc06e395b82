// The statements of a dump in pg_dump's plain format, a statement at a time.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::audit_reader {

constexpr size_t kStatementOctetsMax = size_t{1} << 20;  // kept of one

struct SqlStatement {
  // Without comments and its semicolon; white space outside of quotes is one space.
  std::string text;
  // The same with nothing between quotes ('', "", $$): names found here are names.
  std::string code;
  bool is_cut = false;  // longer than kStatementOctetsMax: its beginning
};

// Ends a statement at a semicolon outside of quotes and parentheses. Functions of BEGIN ATOMIC come
// in pieces, always in the same ones; none of them can be anything but a query.
class SqlStatements {
 public:
  explicit SqlStatements(std::istream& in) : in_(in) {}

  // Nothing: the end. Error: kInvalidArgument "audit.dump": one has no end.
  Result<std::optional<SqlStatement>> Next();

 private:
  char Take();
  bool IsNext(char octet) { return in_.peek() == static_cast<unsigned char>(octet); }
  void Keep(char octet);
  void KeepCode(std::string_view code);
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
  // The two octets before what comes next, kept or not.
  char last_ = '\0', last_but_one_ = '\0';
};

}  // namespace mayfly::audit_reader
