// Projector: reads whole closed ticks of the ledger into the tables that alerts are told from.
#pragma once

#include <memory>

#include "store/pqxx.h"

namespace mayfly::store {

// So many ticks in one transaction at most: what is behind is read in steps.
constexpr int64_t kTicksPerStep = 60;

// For one thread. Any number of them may run on one database: the row of the position arbitrates.
class Projector {
 public:
  Projector(std::string connection, std::optional<std::filesystem::path> password_file);

  // Reads what was closed since, one step; gives the number of ticks that it read, 0 where there
  // was nothing to do or another is at it. Errors: kStoreUnavailable; kInternal "ledger.*".
  Result<int64_t> Advance();

 private:
  const SessionOptions options_;
  std::unique_ptr<Session> session_;  // made when needed, and again when lost
};

}  // namespace mayfly::store
