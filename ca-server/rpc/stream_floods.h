// StreamFloods: connections whose peer begins calls by the hundred that nobody answers, because it
// resets them (CVE-2023-44487), or they are none of ours, or it leaves them open; each at the price
// of a few octets. gRPC 1.51 sets no limit to that: its own, of streams at a time, binds only those
// who acknowledge it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "rpc/connections.h"
#include "rpc/transport_counts.h"

namespace mayfly::rpc {

constexpr Milliseconds kFloodsLookedForEvery{250};
// Calls of one address that ended unanswered between two looks. Who gives up waiting resets a call,
// too: 500 at a time with a deadline of a quarter of a second.
constexpr int64_t kUnansweredMax = 500;
// Of one connection, below which it does not count: many clients behind one address give up as
// well when nobody answers.
constexpr int64_t kUnansweredCounted = 5;
// So many times what it may have open: what it reset is open until gRPC comes to it.
constexpr uint64_t kOpenFactor = 4;
// In all, before connections are looked at one by one.
constexpr uint64_t kOpenUnnoticed = 500;
// At one look: the youngest, and of the others some in turn.
constexpr size_t kSocketsLookedAt = 2048;

class StreamFloods {
 public:
  // Of a connection's streams; those that are acknowledged.
  explicit StreamFloods(uint64_t streams_max) : streams_max_(streams_max) {}

  struct Source {
    virtual ~Source() = default;
    virtual StreamCounts OfServer() = 0;
    virtual std::vector<TransportSocket> Sockets() = 0;
    virtual StreamCounts OfSocket(int64_t socket) = 0;
  };
  // Whom to cut off, as gRPC calls them; to be called every kFloodsLookedForEvery.
  std::vector<std::string> Look(Source& source, const Connections& connections, BootTime now);

 private:
  struct Peer {
    std::string name;
    int64_t unanswered;  // since the last look
  };
  using Addresses = std::map<std::string, std::vector<Peer>>;
  struct Seen {
    int64_t unanswered;  // ever
    int64_t look;
  };
  bool MayBeFlooded(const StreamCounts& server, const CallCounts& calls);
  std::optional<int64_t> SinceLastLook(int64_t socket, int64_t unanswered, bool is_new);
  std::vector<TransportSocket> Chosen(std::vector<TransportSocket> all);

  const uint64_t streams_max_;
  std::optional<int64_t> unanswered_;  // ever, in all, as of the last look
  std::map<int64_t, Seen> seen_;       // sockets, while there may be a flood
  std::optional<BootTime> looked_at_;
  int64_t looks_ = 0;
  size_t turn_ = 0;
};

}  // namespace mayfly::rpc
