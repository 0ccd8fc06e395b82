// Reads a database dump in pg_dump's plain format, a statement and a row at a time: COPY blocks,
// and which partitions there are.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "clients/audit/sql_statements.h"

namespace mayfly::audit_reader {

// Serial numbers from `from` up to, not including, `to`.
struct SerialRange {
  Bytes from, to;
};

// A row of a COPY block; columns by name. What cannot be read as asked for makes the row bad.
class DumpRow {
 public:
  DumpRow(const std::map<std::string, size_t>& columns,
          const std::vector<std::optional<std::string>>& fields)
      : columns_(columns), fields_(fields) {}

  bool IsNull(const std::string& column) const;
  const std::string& Text(const std::string& column) const;
  std::string First() const { return fields_.front().value_or(""); }  // of its columns
  uint64_t Number(const std::string& column) const;
  Bytes Octets(const std::string& column) const;    // bytea
  Bytes Uuid(const std::string& column) const;      // its 16 octets
  int64_t Micros(const std::string& column) const;  // timestamptz: microseconds since 1970 UTC
  bool is_good() const { return is_good_; }

 private:
  const std::optional<std::string>& Field(const std::string& column) const;
  const std::map<std::string, size_t>& columns_;
  const std::vector<std::optional<std::string>>& fields_;
  mutable bool is_good_ = true;
};

// Called with the table's name in the schema mayfly; a partition's rows are its parent's.
using OnRow = std::function<void(const std::string& table, const DumpRow& row)>;

using OnStatement = std::function<void(const SqlStatement& statement)>;

struct DumpReading {
  std::set<std::string> tables;  // whose rows are read
  OnRow on_row;
  OnStatement on_statement = [](const SqlStatement&) {};
};

// Gives the ranges of issuance's partitions. Errors, kInvalidArgument: "audit.dump" (cannot be
// read, is no plain dump of Mayfly's schema, or ends too early).
Result<std::vector<SerialRange>> ReadDump(const std::filesystem::path& path,
                                          const DumpReading& reading);
Result<std::vector<SerialRange>> ReadDump(std::istream& in, const DumpReading& reading);

// "2026-11-27 17:16:42.5+01" as microseconds since 1970 UTC.
std::optional<int64_t> ParseTimestamp(std::string_view text);

}  // namespace mayfly::audit_reader
