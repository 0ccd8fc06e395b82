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

// What each HTTP listener has before the others get their share: whether a certificate is revoked,
// and whether this server works, is asked over a few connections.
constexpr size_t kHttpFloor = 32;

// Where `files_max` does not reach for all and kOtherFiles: HTTP's floor, and of the rest each in
// proportion; at least one each.
ConnectionBudget WithinFiles(ConnectionBudget wanted, size_t http_listeners, size_t files_max);

// What WithinFiles wants.
size_t FilesFor(const ConnectionBudget& budget, size_t http_listeners);

// Raises this process's limit of open files (RLIMIT_NOFILE) as far as it may, and says how far that
// is. Error: kInternal "files.limit".
Result<size_t> RaiseFileLimit();

}  // namespace mayfly::net
