#include "rpc/stream_floods.h"

#include <algorithm>
#include <utility>

namespace mayfly::rpc {
namespace {

int64_t Unanswered(const StreamCounts& streams, const CallCounts& calls) {
  return static_cast<int64_t>(streams.begun) - static_cast<int64_t>(streams.open) -
         static_cast<int64_t>(calls.answered);
}

// That no handler has in hand.
uint64_t OpenForNothing(const StreamCounts& streams, const CallCounts& calls) {
  return streams.open - std::min(streams.open, calls.in_hand);
}

}  // namespace

std::vector<std::string> StreamFloods::Look(Source& source, const Connections& connections,
                                            BootTime now) {
  const BootTime before = std::exchange(looked_at_, now).value_or(now);
  ++looks_;
  if (!MayBeFlooded(source.OfServer(), connections.Calls())) {
    seen_.clear();
    return {};
  }
  std::vector<std::string> flooding;
  Addresses addresses;
  for (const TransportSocket& socket : Chosen(source.Sockets())) {
    const auto connection = connections.Find(socket.peer);
    if (!connection) continue;
    const StreamCounts streams = source.OfSocket(socket.id);
    if (OpenForNothing(streams, connection->calls) > kOpenFactor * streams_max_) {
      flooding.push_back(socket.peer);
      continue;
    }
    const auto since = SinceLastLook(socket.id, Unanswered(streams, connection->calls),
                                     connection->entered >= before);
    if (since && *since >= kUnansweredCounted) {
      addresses[connection->address].push_back({socket.peer, *since});
    }
  }
  for (const auto& [address, peers] : addresses) {
    int64_t sum = 0;
    for (const Peer& peer : peers) sum += peer.unanswered;
    if (sum <= kUnansweredMax) continue;
    for (const Peer& peer : peers) flooding.push_back(peer.name);
  }
  return flooding;
}

// Nothing: it was there already and is seen for the first time.
std::optional<int64_t> StreamFloods::SinceLastLook(int64_t socket, int64_t unanswered,
                                                   bool is_new) {
  const auto [known, first] = seen_.try_emplace(socket, Seen{0, looks_ - 1});
  const Seen last = std::exchange(known->second, Seen{unanswered, looks_});
  if (first && !is_new) return std::nullopt;
  return (unanswered - last.unanswered) / (looks_ - last.look);
}

// Looking at connections one by one costs too much to do it for nothing.
bool StreamFloods::MayBeFlooded(const StreamCounts& server, const CallCounts& calls) {
  const int64_t unanswered = Unanswered(server, calls);
  const int64_t before = std::exchange(unanswered_, unanswered).value_or(unanswered);
  return unanswered > before + kUnansweredMax || OpenForNothing(server, calls) > kOpenUnnoticed;
}

std::vector<TransportSocket> StreamFloods::Chosen(std::vector<TransportSocket> all) {
  if (all.size() <= kSocketsLookedAt) return all;
  const size_t half = kSocketsLookedAt / 2, older = all.size() - half;
  std::vector<TransportSocket> chosen(all.end() - static_cast<ptrdiff_t>(half), all.end());
  for (size_t i = 0; i < half; ++i) chosen.push_back(std::move(all[turn_++ % older]));
  return chosen;
}

}  // namespace mayfly::rpc
