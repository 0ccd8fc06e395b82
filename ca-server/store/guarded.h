// For adapters whose port is called on one thread: what a session throws becomes the Result's
// error.
#pragma once

#include "base/result.h"
#include "store/pqxx.h"

namespace mayfly::store {

template <class Body>
auto Guarded(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const SqlError& error) {
    return ToError(error);
  } catch (const std::exception& problem) {
    return FailWithDetail(ErrorCode::kInternal, "ledger.adapter",
                          "the database's answer was not understood", problem.what());
  }
}

}  // namespace mayfly::store
