// Migrations: numbered, one transaction each, checksummed, forward only.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "schema/embedded.h"

namespace mayfly::store {

// Brings the database's schema up to the last of `migrations`, and makes partitions. Connects as
// whoever `connection` says: that role owns the schema and needs CREATEROLE. Several at once wait
// for each other. Errors: kConfiguration "database.connection", kStoreUnavailable, kSchemaMismatch
// "schema.newer", "schema.dirty", kInternal "schema.migration-failed" (that one is rolled back).
Status Migrate(const std::string& connection,
               std::span<const schema::Migration> migrations = schema::Migrations());

// Is the schema exactly the one of `migrations`? Asks as mayfly_read. Errors: kSchemaMismatch
// "schema.newer", "schema.older" (run mayfly-ca migrate), "schema.dirty" (a gap, or applied with
// another text); kStoreUnavailable.
Status CheckSchema(const std::string& connection,
                   std::span<const schema::Migration> migrations = schema::Migrations(),
                   const std::optional<std::filesystem::path>& password_file = std::nullopt);

}  // namespace mayfly::store
