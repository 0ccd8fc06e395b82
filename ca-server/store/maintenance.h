// What the maintenance role does, on connections of its own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace mayfly::store {

constexpr int kPartitionSpansAhead = 3;

// Makes the partitions from yesterday's to kPartitionSpansAhead spans ahead; gives how many were
// missing. Blocking; call it at start and every hour or so. Errors: kStoreUnavailable.
Result<int> MakePartitions(const std::string& connection,
                           const std::optional<std::filesystem::path>& password_file);

}  // namespace mayfly::store
