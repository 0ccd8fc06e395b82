// Connections: which sockets that were given to gRPC are open still, in all and by address. gRPC
// closes them and tells nobody; a socket is known again by its inode.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/connection_refusal.h"

namespace mayfly::rpc {

// Looking which of them are open costs a system call for each: no more often than this.
constexpr Milliseconds kConnectionsCountedEvery{100};
// How long an address has no new connections after one of its was cut off.
constexpr Seconds kKeptOut{10};

struct Peer {
  std::string address;  // net::ClientAddress
  std::string text;     // as gRPC calls it: "ipv4:10.0.0.7:51234", "ipv6:%5B::1%5D:51234"
};

// Any thread.
class Connections {
 public:
  // `clock` must outlive it.
  Connections(size_t open_max, size_t address_max, const Clock& clock)
      : open_max_(open_max), address_max_(address_max), clock_(clock) {}

  // An open socket, counted until it is closed. Nothing: it may go on.
  std::optional<net::ConnectionRefusal> Enter(int socket, const Peer& peer);
  // Resets the connection of this peer, and keeps its address out for kKeptOut. Gives the address;
  // nothing where no such connection is open here.
  std::optional<std::string> CutOff(const std::string& peer);
  size_t open();

 private:
  struct Entry {
    ino_t inode;
    Peer peer;
  };
  using Entries = std::map<int, Entry>;
  bool IsKeptOut(const std::string& address);
  void ForgetClosed();
  Entries::iterator Forget(Entries::iterator entry);

  const size_t open_max_;
  const size_t address_max_;
  const Clock& clock_;
  std::mutex mutex_;
  Entries entries_;  // by descriptor
  std::map<std::string, size_t, std::less<>> of_address_;
  std::map<std::string, BootTime, std::less<>> kept_out_;  // until then
  std::optional<BootTime> counted_at_;
};

}  // namespace mayfly::rpc
