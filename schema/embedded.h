// The numbered migrations of schema/migrations, embedded in the binary by embed.cmake.
#pragma once

#include <string_view>
#include <vector>

namespace mayfly::schema {

struct Migration {
  int number;             // 1, 2, ...
  std::string_view name;  // "0001_ledger"
  std::string_view sql;
};
const std::vector<Migration>& Migrations();  // in order

}  // namespace mayfly::schema
