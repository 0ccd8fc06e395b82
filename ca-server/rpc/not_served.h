// Why a call is not served, before it is looked at.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/error.h"

namespace mayfly::rpc {

// What a caller beyond the limit of calls in flight is told to wait.
constexpr Milliseconds kOverloadedRetryAfter{500};

Error Overloaded(size_t in_flight_max);
Error HostOverloaded(size_t host_max);
Error TooOften(Milliseconds wait, uint32_t per_minute);
Error TimeIsUp();

}  // namespace mayfly::rpc
