// The filters of lists: conditions of AIP-160, joined by AND. No OR, no NOT, no
// parentheses: each call is bounded, and these are what the ledger can answer in one walk.
#pragma once

#include <string_view>

#include "base/result.h"
#include "ports/event_index.h"

namespace mayfly::rpc {

constexpr size_t kFilterBytesMax = 4096;
constexpr size_t kFilterConditionsMax = 10;

// Error: kInvalidArgument "list.filter", saying where and what would do.
Result<CertificateFilter> ParseListFilter(std::string_view text);
Result<EventFilter> ParseEventFilter(std::string_view text);

}  // namespace mayfly::rpc
