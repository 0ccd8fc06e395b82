// Compares the statements of a dump that make the schema with those that pg_dump makes of Mayfly's
// own: what hides or doubles rows behind good-looking ones is a statement too many, too few or
// another one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "clients/audit/log_files.h"
#include "clients/audit/sql_statements.h"

namespace mayfly::audit_reader {

class SchemaCheck {
 public:
  void Take(const SqlStatement& statement);
  // "ledger.schema"; after the last statement.
  std::vector<Finding> Findings() const;

 private:
  struct Unexpected {
    std::string partition;  // "": of none
    std::string form;
  };

  // The statements that were there, as they are compared, by the partition; "": of none.
  std::map<std::string, std::set<const std::string*>> seen_{{"", {}}};
  std::vector<Unexpected> unexpected_;
  std::vector<std::string> cut_;  // what those began with
};

}  // namespace mayfly::audit_reader
