// Connections: which sockets that were given to gRPC are open still, in all and by address. gRPC
// closes them and tells nobody; a socket is known again by its inode.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "net/connection_refusal.h"

namespace mayfly::rpc {

// Looking which of them are open costs a system call for each: no more often than this.
constexpr Milliseconds kConnectionsCountedEvery{100};
// How long an address has no new connections after one of its was cut off.
constexpr Seconds kKeptOut{10};

// Of calls that reached a handler.
struct CallCounts {
  uint64_t answered = 0;  // ever, to somebody who was still there
  uint64_t in_hand = 0;   // now
};

struct Peer {
  std::string address;  // net::ClientAddress
  std::string text;     // as gRPC calls it: "ipv4:10.0.0.7:51234", "ipv6:%5B::1%5D:51234"
};

// Where all places are taken, in all or of an address, those make place first over which nobody was
// admitted yet, the oldest before the others: staying in a handshake costs whoever does it nothing.
// Any thread.
class Connections {
 public:
  // `clock` must outlive it. `on_refused` is told of who is reset, before that: who came, or who
  // made place.
  Connections(size_t open_max, const Clock& clock, net::OnConnectionRefused on_refused)
      : open_max_(open_max), clock_(clock), on_refused_(std::move(on_refused)) {}

  // An open socket, counted until it is closed, or false: it is to be reset.
  bool Enter(int socket, const Peer& peer);
  // Who calls over it is known, and may. `peer` as Peer::text.
  void NoteAdmitted(const std::string& peer);
  // A call over it came to a handler, and left it.
  void NoteBegun(const std::string& peer);
  enum class End : uint8_t { kAnswered, kGaveUp };
  void NoteEnded(const std::string& peer, End end);
  CallCounts Calls() const;  // of all, also of connections that are closed
  struct Counted {
    std::string address;
    BootTime entered;
    CallCounts calls;
  };
  std::optional<Counted> Find(const std::string& peer) const;
  // Resets the connection of this peer, where it is open, and keeps its address out for kKeptOut.
  void CutOff(const std::string& peer);
  size_t open();

 private:
  struct Entry {
    int socket;
    ino_t inode;
    Peer peer;
    uint64_t number;
    BootTime entered;
    CallCounts calls{};
  };
  using Entries = std::map<int, Entry>;      // by descriptor
  using Order = std::map<uint64_t, Entry*>;  // as they came
  Entry* Of(const std::string& peer) const;
  struct Address {
    size_t open = 0;
    Order not_admitted{};
  };
  std::optional<net::ConnectionRefusal> Refusal(const std::string& address) const;
  bool MakePlace(net::ConnectionRefusal refusal, const std::string& address);
  bool IsKeptOut(const std::string& address);
  void Tell(net::ConnectionRefusal refusal, const std::string& address) const;
  void ForgetClosed();
  Entries::iterator Forget(Entries::iterator entry);

  const size_t open_max_;
  const Clock& clock_;
  const net::OnConnectionRefused on_refused_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, Entry*> of_peer_;
  std::map<std::string, Address, std::less<>> of_address_;
  Order not_admitted_;
  CallCounts calls_;
  uint64_t entered_ = 0;                                   // ever
  std::map<std::string, BootTime, std::less<>> kept_out_;  // until then
  std::optional<BootTime> counted_at_;
};

}  // namespace mayfly::rpc
