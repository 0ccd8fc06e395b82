#include "net/connection_budget.h"

#include <sys/resource.h>

#include <algorithm>

namespace mayfly::net {

size_t FilesFor(const ConnectionBudget& budget, size_t http_listeners) {
  return kOtherFiles + budget.with_certificate + budget.without_certificate +
         budget.http * http_listeners;
}

ConnectionBudget WithinFiles(ConnectionBudget wanted, size_t http_listeners, size_t files_max) {
  const size_t needed = FilesFor(wanted, http_listeners);
  if (needed <= files_max) return wanted;
  const size_t there_are = files_max - std::min(files_max, kOtherFiles);
  const size_t floor =
      std::min({wanted.http, kHttpFloor, there_are / std::max<size_t>(http_listeners, 1)});
  const size_t for_floor = floor * http_listeners;
  const size_t connections = needed - kOtherFiles - for_floor;
  const size_t rest = there_are - for_floor;
  const auto share = [&](size_t of) { return of * rest / connections; };
  const auto one_at_least = [](size_t count) { return std::max<size_t>(count, 1); };
  return {one_at_least(share(wanted.with_certificate)),
          one_at_least(share(wanted.without_certificate)),
          one_at_least(floor + share(wanted.http - floor))};
}

Result<size_t> RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return Fail(ErrorCode::kInternal, "files.limit", "the limit of open files cannot be read");
  }
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = raised.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<size_t>(limit.rlim_cur);
}

}  // namespace mayfly::net
