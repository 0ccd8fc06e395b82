// ResetFloods: connections whose peer begins calls and resets them by the hundred (CVE-2023-44487),
// each at the price of a few octets. gRPC 1.51 sets no limit to that; but it counts, in channelz.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace mayfly::rpc {

constexpr Milliseconds kFloodsLookedForEvery{500};
// Of one connection within that. 128 may be under way at once, and who gives up waiting resets a
// call, too.
constexpr uint64_t kUnfinishedMax = 250;

class ResetFloods {
 public:
  // The peers ("ipv4:10.0.0.7:51234") of this process's gRPC servers that began more calls since
  // the last look than were finished, by more than kUnfinishedMax; to be called every
  // kFloodsLookedForEvery. Connections are looked at one by one, which costs some 50 us for each,
  // only where that many calls failed beside those that were answered with an error: `refused`, of
  // all these servers, ever.
  std::vector<std::string> Look(uint64_t refused);

 private:
  std::optional<uint64_t> calls_lost_;  // failed and never answered, of all servers, ever
  // Of each socket, as of the last look; nothing where it did not come to that.
  std::optional<std::map<int64_t, uint64_t>> unfinished_;
};

}  // namespace mayfly::rpc
