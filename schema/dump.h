// What pg_dump makes of the schema (golden/postgresql-15.sql), embedded by embed_dump.cmake: with
// one partition of each table that has them, without owners.
#pragma once

#include <string_view>

namespace mayfly::schema {

std::string_view Dump();

}  // namespace mayfly::schema
