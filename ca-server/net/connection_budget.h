// How many connections the listeners may have: what the configuration says, or less where the
// process may not open so many files.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace mayfly::net {

// For what else the process opens: database, signer, log, state.
constexpr size_t kOtherFiles = 256;

struct ConnectionBudget {
  size_t with_certificate;     // of all listeners with client certificates together
  size_t without_certificate;  // of all those without
  size_t http;                 // of each HTTP listener
};

// Each in proportion where `files_max` does not reach for all and kOtherFiles; at least one each.
ConnectionBudget WithinFiles(ConnectionBudget wanted, size_t http_listeners, size_t files_max);

// What WithinFiles wants.
size_t FilesFor(const ConnectionBudget& budget, size_t http_listeners);

// Raises this process's limit of open files (RLIMIT_NOFILE) as far as it may, and says how far that
// is. Error: kInternal "files.limit".
Result<size_t> RaiseFileLimit();

}  // namespace mayfly::net
